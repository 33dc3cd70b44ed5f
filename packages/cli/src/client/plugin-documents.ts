/**
 * Documents of a daemon, parsed into the fields that commands show. Any server may have sent them.
 */
import { CommandError } from '../command-error.ts';
import { asNumber, asText, field } from '../json-field.ts';

/** An installed plugin, as lists and upgrades show it. */
export interface PluginSummary {
  readonly id: string;
  readonly name: string;
  readonly isEnabled: boolean;
  readonly description: string;
  /** Reference it was installed from; empty if it has none. */
  readonly reference: string;
}

/** An installed plugin with the state that Outboard's daemon adds. */
export interface RunningPlugin extends PluginSummary {
  /** Such as `running`; empty when unknown. */
  readonly state: string;
  /** `healthy` or `unhealthy`; empty without health checks. */
  readonly health: string;
  /** Number of restarts; undefined for a plugin that is not supposed to run. */
  readonly restarts: number | undefined;
  /** Start of its process. */
  readonly startedAt: Date | undefined;
  readonly memoryBytes: number | undefined;
  /** Number of processes that the kernel killed because the plugin was out of memory. */
  readonly outOfMemoryKills: number;
  /** Empty when unknown. */
  readonly architecture: string;
  /** `sha256:…` */
  readonly digest: string;
  /** Name for other engines; '' without a socket for them. */
  readonly alias: string;
  /** Path of that socket; '' without one. */
  readonly socket: string;
}

/** A privilege that a plugin requests. */
export interface Privilege {
  readonly name: string;
  readonly description: string;
  readonly value: readonly string[];
}

/** @throws {CommandError} if the value is not a plugin object. @see Docker Engine API v1.51, Plugin */
export function parsePlugin(value: unknown): PluginSummary {
  const id = field(value, 'Id');
  const name = field(value, 'Name');
  if (typeof id !== 'string' || typeof name !== 'string') throw unexpected('a plugin');
  return {
    id,
    name,
    isEnabled: field(value, 'Enabled') === true,
    description: asText(field(field(value, 'Config'), 'Description')),
    reference: asText(field(value, 'PluginReference')),
  };
}

/** @throws {CommandError} if the value is not an array of plugin objects */
export function parsePlugins(value: unknown): readonly PluginSummary[] {
  if (!Array.isArray(value)) throw unexpected('a list of plugins');
  return value.map(parsePlugin);
}

/** @throws {CommandError} if the value is not an array of plugins as Outboard lists them */
export function parseRunningPlugins(value: unknown): readonly RunningPlugin[] {
  if (!Array.isArray(value)) throw unexpected('a list of plugins');
  return value.map((item: unknown) => {
    const state = field(item, 'State');
    const startedAt = new Date(asText(field(state, 'StartedAt')));
    return {
      ...parsePlugin(item),
      description: asText(field(item, 'Description')),
      state: asText(field(state, 'Status')),
      health: asText(field(state, 'Health')),
      restarts: asNumber(field(state, 'Restarts')),
      startedAt: Number.isNaN(startedAt.getTime()) ? undefined : startedAt,
      memoryBytes: asNumber(field(item, 'MemoryBytes')),
      outOfMemoryKills: asNumber(field(item, 'OOMKills')) ?? 0,
      architecture: asText(field(item, 'Architecture')),
      digest: asText(field(item, 'Digest')),
      alias: asText(field(field(item, 'Gateway'), 'Alias')),
      socket: asText(field(field(item, 'Gateway'), 'Socket')),
    };
  });
}

/**
 * All privileges in their order. Docker answers `null` for none.
 * @throws {CommandError} for a malformed privilege: it could not be shown for consent
 */
export function parsePrivileges(value: unknown): readonly Privilege[] {
  if (value === null || value === undefined) return [];
  if (!Array.isArray(value)) throw unexpected('a list of privileges');
  return value.map((item: unknown) => {
    const name = field(item, 'Name');
    const values = field(item, 'Value') ?? [];
    if (typeof name !== 'string' || !Array.isArray(values) || !values.every((v) => typeof v === 'string')) {
      throw unexpected('a privilege');
    }
    return { name, description: asText(field(item, 'Description')), value: values };
  });
}

/** Privileges in the form of the API. */
export function toPrivilegeDocuments(privileges: readonly Privilege[]): readonly object[] {
  return privileges.map(({ name, description, value }) => ({
    Name: name,
    Description: description,
    Value: value,
  }));
}

function unexpected(what: string): CommandError {
  return new CommandError(`the daemon answered with something that is not ${what}`);
}
