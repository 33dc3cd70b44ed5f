/**
 * Options in force: the operator's decisions, and the requests of the plugin's author for the rest.
 */
import { isDeepStrictEqual } from 'node:util';
import { optionRows } from './option-table.ts';
import type { PluginConfig, PluginRecord } from './plugin-config.ts';
import type { HealthCheck, PluginLimits, PluginOptions, PluginOverrides } from './plugin-options.ts';

/** Derive the options in force from a config and the operator's decisions. */
export function optionsInForce(config: PluginConfig, overrides: PluginOverrides): PluginOptions {
  const { authorOptions: author = {} } = config;
  const { health = author.health, restart = author.restart } = overrides;
  const { stopTimeoutSeconds = author.stopTimeoutSeconds, createMounts, init } = overrides;
  const options = {
    health: isCheck(health) ? health : undefined,
    restart,
    stopTimeoutSeconds,
    createMounts,
    init,
    limits: unlessEmpty(withoutZeros({ ...author.limits, ...overrides.limits })),
    log: unlessEmpty({ ...author.log, ...overrides.log }),
    security: unlessEmpty({ ...author.security, ...overrides.security }),
    gateway: unlessEmpty({ ...author.gateway, ...overrides.gateway }),
  };
  // Records are compared and stored: an option that is not set is absent, not undefined.
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}

function isCheck(health: PluginOverrides['health']): health is HealthCheck | undefined {
  return health?.kind !== 'none';
}

/**
 * Fields that differ between two sets of options in force, and that a running container keeps until it is started again.
 * @returns names in documents: of a group, such as `Health`, when a start fixes all of it
 */
export function changesAtNextStart(before: PluginOptions, after: PluginOptions): readonly string[] {
  const changed = optionRows.filter(({ read, description }) => {
    const valueIn = (options: PluginOptions): unknown => read(options) ?? description.default;
    return description.isFixedAtStart && !isDeepStrictEqual(valueIn(before), valueIn(after));
  });
  return [...new Set(changed.map(({ field }) => (isFixedGroup(groupOf(field)) ? groupOf(field) : field)))];
}

function isFixedGroup(group: string): boolean {
  return optionRows.every(({ field, description }) => groupOf(field) !== group || description.isFixedAtStart);
}

function groupOf(field: string): string {
  return field.replace(/\..*/, '');
}

/** Derive the options in force of a plugin from its record. */
export function optionsOf({ config, overrides }: Pick<PluginRecord, 'config' | 'overrides'>): PluginOptions {
  return optionsInForce(config, overrides);
}

/** A limit of 0 takes back the author's. */
function withoutZeros(limits: PluginLimits): PluginLimits {
  return Object.fromEntries(Object.entries(limits).filter(([, limit]) => limit !== 0));
}

function unlessEmpty<Value extends object>(value: Value): Value | undefined {
  return Object.keys(value).length === 0 ? undefined : value;
}
