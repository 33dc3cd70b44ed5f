/**
 * Settings: the values in force for a plugin. They are the config's at first and are changed by `set`; the config never
 * changes.
 * @see moby daemon/pkg/plugin/v2/plugin.go and settable.go (28.x), whose grammar and error texts are kept
 */
import { OutboardError, showValue } from '@outboard/oci';
import type { PluginConfig, PluginDevice, PluginMount, PluginSettings } from './plugin-config.ts';
import { parseGivenValue } from './value-source.ts';

/** Bytes of one value: with its name it must be an argument that Linux takes (MAX_ARG_STRLEN). */
export const maxValueBytes = 120 * 1024;

/** Derive the settings of a newly installed plugin. */
export function initialSettings(config: PluginConfig): PluginSettings {
  return {
    mounts: config.mounts ?? [],
    devices: config.linux.devices ?? [],
    env: (config.env ?? []).flatMap((env) => (env.value === null ? [] : [`${env.name}=${env.value}`])),
    args: config.args.value ?? [],
  };
}

/** Meaning of `set` arguments. */
export interface ApplyOptions {
  /** True: a value that begins with `@` is as `parseGivenValue` says. Default: every value is literal, as in Docker. */
  readonly readsSources?: boolean | undefined;
}

/**
 * Apply `set` arguments, each `<name>[.<field>][=<value>]`, in order. All of them apply or none does.
 * @throws {OutboardError} invalid: grammar, an unknown name, or a field that the config does not allow to be set
 */
export function applySettings(
  config: PluginConfig,
  settings: PluginSettings,
  args: readonly string[],
  { readsSources = false }: ApplyOptions = {},
): PluginSettings {
  return args.reduce((current, text) => {
    const arg = parseArgument(text);
    return applyOne(config, current, readsSources ? readValue(arg) : arg);
  }, settings);
}

interface SettingArgument {
  readonly name: string;
  /** Empty when the argument names none. */
  readonly field: string;
  readonly value: string;
  /** True when the value is the text of a source. */
  readonly isSourced: boolean;
}

function readValue(arg: SettingArgument): SettingArgument {
  const given = parseGivenValue(arg.value, arg.name);
  return given.kind === 'literal' ? { ...arg, value: given.value } : { ...arg, isSourced: true };
}

function parseArgument(arg: string): SettingArgument {
  const equals = arg.indexOf('=');
  if (equals === 0) throw invalid('invalid format, must be <name>[.<field>][=<value>]');
  const left = equals < 0 ? arg : arg.slice(0, equals);
  const value = equals < 0 ? '' : arg.slice(equals + 1);
  if (value.includes('\0') || Buffer.byteLength(value) > maxValueBytes) {
    throw invalid(
      `cannot set ${showValue(left)}: want a value without NUL, of at most ${maxValueBytes} bytes`,
    );
  }
  const dot = left.lastIndexOf('.');
  if (dot <= 0) return { name: left, field: '', value, isSourced: false };
  return { name: left.slice(0, dot), field: left.slice(dot + 1), value, isSourced: false };
}

/** Change the first entry of the name, in Docker's order: env, mounts, devices, args. */
function applyOne(config: PluginConfig, settings: PluginSettings, arg: SettingArgument): PluginSettings {
  const { name, value } = arg;
  const env = config.env?.find((entry) => entry.name === name);
  if (env !== undefined) {
    requireSettable(arg, 'value', env.settable);
    return withSource({ ...settings, env: withEnv(settings.env, name, value) }, arg);
  }
  if (arg.isSourced) {
    throw invalid(
      `cannot set ${showValue(name)}: only a variable of the environment takes a source; write @@ for a value that begins with @`,
    );
  }
  const mount = config.mounts?.find((entry) => entry.name === name);
  if (mount !== undefined) {
    requireSettable(arg, 'source', mount.settable);
    if (mount.source === null) throw invalid('plugin config has no mount source');
    return { ...settings, mounts: withMountSource(settings.mounts, mount, value) };
  }
  const device = config.linux.devices?.find((entry) => entry.name === name);
  if (device !== undefined) {
    requireSettable(arg, 'path', device.settable);
    if (device.path === null) throw invalid('plugin config has no device path');
    return { ...settings, devices: withDevicePath(settings.devices, device, value) };
  }
  if (config.args.name === name) {
    requireSettable(arg, 'value', config.args.settable);
    return { ...settings, args: value.split(' ') };
  }
  throw invalid(`setting ${JSON.stringify(name)} not found in the plugin configuration`);
}

/** Note whether the value of a variable is a source. */
function withSource({ sourced = [], ...settings }: PluginSettings, arg: SettingArgument): PluginSettings {
  const others = sourced.filter((name) => name !== arg.name);
  const all = arg.isSourced ? [...others, arg.name] : others;
  return all.length === 0 ? settings : { ...settings, sourced: all };
}

function requireSettable(arg: SettingArgument, allowed: string, settable: readonly string[] | null): void {
  const list = settable ?? [];
  if (arg.field === '' && list.length > 1)
    throw invalid('multiple fields are settable, one must be specified');
  const field = arg.field === '' ? (list[0] ?? '') : arg.field;
  if (field === allowed && list.includes(field)) return;
  throw invalid(`${JSON.stringify(field === '' ? arg.name : `${arg.name}.${field}`)} is not settable`);
}

/** Set one variable, in its place when it exists. */
export function withEnv(env: readonly string[], name: string, value: string): readonly string[] {
  const entry = `${name}=${value}`;
  const index = env.findIndex((existing) => existing.startsWith(`${name}=`));
  return index < 0 ? [...env, entry] : env.with(index, entry);
}

function withMountSource(
  mounts: readonly PluginMount[],
  mount: PluginMount,
  source: string,
): readonly PluginMount[] {
  return replaceFirst(mounts, ({ name }) => name === mount.name, { ...mount, source });
}

function withDevicePath(
  devices: readonly PluginDevice[],
  device: PluginDevice,
  path: string,
): readonly PluginDevice[] {
  return replaceFirst(devices, ({ name }) => name === device.name, { ...device, path });
}

/** Replace an entry, or add it: settings that Docker wrote may lack an entry of the config. */
function replaceFirst<T>(list: readonly T[], matches: (item: T) => boolean, replacement: T): readonly T[] {
  const index = list.findIndex(matches);
  return index < 0 ? [...list, replacement] : list.with(index, replacement);
}

function invalid(message: string): OutboardError {
  return new OutboardError('invalid', message);
}
