/**
 * Carries an operator's settings and options over an upgrade. A setting is kept where the new version uses it for the same
 * or for less. The operator consents to the sources in the config, not to those that were set, so a kept setting must not
 * grant more than before.
 */
import { OutboardError, showValue } from '@outboard/oci';
import { findWidening } from './mount-access.ts';
import { checkMount } from './mount-rules.ts';
import { withoutOptions } from './option-row.ts';
import { optionRows } from './option-table.ts';
import type { PluginConfig, PluginDevice, PluginMount, PluginSettings } from './plugin-config.ts';
import type { PluginOverrides } from './plugin-options.ts';
import { initialSettings, withEnv } from './settings.ts';

/** Values after an upgrade. */
export interface Carried<Value> {
  readonly value: Value;
  /** One sentence for each value that is not kept. It never contains values of variables and arguments. */
  readonly dropped: readonly string[];
}

/** Facts about the upgrade. */
export interface CarryOptions {
  /**
   * True when the new version comes from another repository, to whose authors the operator granted nothing. Default
   * false.
   */
  readonly isForeign?: boolean | undefined;
  /** Settings where nothing is carried; default those of the new config. */
  readonly base?: PluginSettings | undefined;
}

/**
 * Derive the settings after an upgrade. Values that were not set, or are not kept, are the new config's defaults.
 * @param before the plugin before the upgrade
 */
export function carrySettings(
  before: { readonly config: PluginConfig; readonly settings: PluginSettings },
  config: PluginConfig,
  { isForeign = false, base = initialSettings(config) }: CarryOptions = {},
): Carried<PluginSettings> {
  const dropped: string[] = [];
  const changes: Changes = { config: before.config, settings: before.settings, isForeign, dropped };
  const env = carryEnv(changes, config, base.env);
  const value: PluginSettings = {
    env,
    ...carrySecrecy(changes, env),
    mounts: carryMounts(changes, base.mounts),
    devices: carryDevices(changes, base.devices),
    args: carryArgs(changes, config, base.args),
  };
  return { value, dropped };
}

/**
 * Derive the operator's options after an upgrade. Options that weaken the isolation of a plugin were granted to the
 * authors of the old version only.
 */
export function carryOverrides(
  overrides: PluginOverrides,
  { isForeign = false }: CarryOptions = {},
): Carried<PluginOverrides> {
  if (!isForeign) return { value: overrides, dropped: [] };
  const weakening = optionRows.filter(({ read, description }) => {
    const value = read(overrides);
    return value !== undefined && description.weakens?.(value) === true;
  });
  return {
    // Only optional fields weaken, so that the rest is of the same type.
    value: withoutOptions(overrides, new Set(weakening.map(({ key }) => key))) as PluginOverrides,
    dropped: weakening.map(({ field }) => `option "${field}" is not kept: ${foreign}`),
  };
}

const foreign = 'the new version comes from another repository';

interface Changes {
  readonly config: PluginConfig;
  readonly settings: PluginSettings;
  readonly isForeign: boolean;
  readonly dropped: string[];
}

/** Decide about one setting, and note the reason when it is not kept. */
function isKept({ isForeign, dropped }: Changes, subject: string, obstacle: string | undefined): boolean {
  const reason = isForeign ? foreign : obstacle;
  if (reason !== undefined) dropped.push(`setting ${subject} is not kept: ${reason}`);
  return reason === undefined;
}

function obstacleOf(item: { readonly settable: readonly string[] | null } | undefined, field: string) {
  if (item === undefined) return 'the new version does not have it';
  return item.settable?.includes(field) === true ? undefined : 'the new version does not let it be set';
}

/** A declaration of the operator that hides a value is kept; one that shows it, for the same authors only. */
function carrySecrecy({ settings, isForeign }: Changes, env: readonly string[]): Partial<PluginSettings> {
  const { sourced = [], secret, notSecret } = settings;
  const kept = new Set(settings.env.filter((entry) => env.includes(entry)).map(nameOf));
  const stillSourced = isForeign ? [] : sourced.filter((name) => kept.has(name));
  return {
    ...(stillSourced.length > 0 && { sourced: stillSourced }),
    ...(secret && { secret }),
    ...(notSecret && !isForeign && { notSecret }),
  };
}

function nameOf(entry: string): string {
  return entry.slice(0, entry.indexOf('='));
}

function carryEnv(changes: Changes, config: PluginConfig, defaults: readonly string[]): readonly string[] {
  const unchanged = new Set(initialSettings(changes.config).env);
  const sourced = new Set(changes.settings.sourced);
  const changed = changes.settings.env.filter((entry) => !unchanged.has(entry) || sourced.has(nameOf(entry)));
  return changed.reduce((carried, entry) => {
    const name = nameOf(entry);
    const obstacle = obstacleOf(
      config.env?.find((candidate) => candidate.name === name),
      'value',
    );
    return isKept(changes, showValue(name), obstacle)
      ? withEnv(carried, name, entry.slice(name.length + 1))
      : carried;
  }, defaults);
}

function carryMounts(changes: Changes, defaults: readonly PluginMount[]): readonly PluginMount[] {
  const changed = changedItems(changes.config.mounts, changes.settings.mounts, ({ source }) => source);
  return changed.reduce((carried, { before, value: source }) => {
    const index = carried.findIndex(({ name }) => name === before.name);
    const mount = carried[index];
    const after = mount && { ...mount, source };
    const obstacle = obstacleOf(mount, 'source') ?? (after && mountObstacle(before, mount, after));
    const keeps = isKept(changes, `${showValue(before.name)} (${showValue(source)})`, obstacle);
    return keeps && after !== undefined ? carried.with(index, after) : carried;
  }, defaults);
}

function mountObstacle(before: PluginMount, mount: PluginMount, after: PluginMount): string | undefined {
  if (mount.source === null) return 'the new version has no source for it';
  const widening = findWidening(before, after);
  if (widening !== undefined) return `its mount gives more in the new version: ${widening}`;
  try {
    checkMount(after, 'mount');
    return undefined;
  } catch (error) {
    if (error instanceof OutboardError) return error.message;
    throw error;
  }
}

function carryDevices(changes: Changes, defaults: readonly PluginDevice[]): readonly PluginDevice[] {
  const changed = changedItems(changes.config.linux.devices, changes.settings.devices, ({ path }) => path);
  return changed.reduce((carried, { before, value: path }) => {
    const index = carried.findIndex(({ name }) => name === before.name);
    const device = carried[index];
    const noPath = device?.path === null ? 'the new version has no path for it' : undefined;
    const obstacle = obstacleOf(device, 'path') ?? noPath;
    const keeps = isKept(changes, `${showValue(before.name)} (${showValue(path)})`, obstacle);
    return keeps && device !== undefined ? carried.with(index, { ...device, path }) : carried;
  }, defaults);
}

function carryArgs(changes: Changes, config: PluginConfig, defaults: readonly string[]): readonly string[] {
  const { args } = changes.config;
  if (JSON.stringify(changes.settings.args) === JSON.stringify(args.value ?? [])) return defaults;
  const obstacle = obstacleOf(args.name === config.args.name ? config.args : undefined, 'value');
  return isKept(changes, showValue(args.name), obstacle) ? changes.settings.args : defaults;
}

/** List the entries whose value was set, with the values in force. `set` changes the first entry of a name only. */
function changedItems<T extends { readonly name: string }>(
  configured: readonly T[] | null,
  inForce: readonly T[],
  read: (item: T) => string | null,
): readonly { readonly before: T; readonly value: string }[] {
  const seen = new Set<string>(['']);
  return (configured ?? []).flatMap((item) => {
    if (seen.has(item.name)) return [];
    seen.add(item.name);
    const before = inForce.find(({ name }) => name === item.name);
    const value = before === undefined ? null : read(before);
    return before === undefined || value === null || value === read(item) ? [] : [{ before, value }];
  });
}
