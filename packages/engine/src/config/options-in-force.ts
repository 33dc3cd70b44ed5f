/**
 * Which options are in force: what the operator decided, and for the rest what the plugin's author asks for.
 */
import type { PluginConfig, PluginRecord } from './plugin-config.ts';
import type { PluginLimits, PluginOptions, PluginOverrides } from './plugin-options.ts';

/** The options that follow from a config and what an operator decided. */
export function optionsInForce(config: PluginConfig, overrides: PluginOverrides): PluginOptions {
  const { authorOptions: author = {} } = config;
  const { health = author.health, restart = author.restart } = overrides;
  const { stopTimeoutSeconds = author.stopTimeoutSeconds, createMounts, init } = overrides;
  return {
    ...(health !== undefined && health.kind !== 'none' && { health: { ...health, kind: health.kind } }),
    ...(restart !== undefined && { restart }),
    ...(stopTimeoutSeconds !== undefined && { stopTimeoutSeconds }),
    ...(createMounts !== undefined && { createMounts }),
    ...(init !== undefined && { init }),
    ...filled('limits', withoutZeros({ ...author.limits, ...overrides.limits })),
    ...filled('log', { ...author.log, ...overrides.log }),
    ...filled('security', { ...author.security, ...overrides.security }),
  };
}

/** A record with other decisions of the operator, or of another config, and with the options that follow. */
export function withOptions<Record extends Pick<PluginRecord, 'config' | 'overrides'>>(
  record: Record,
): Record & Pick<PluginRecord, 'options'> {
  return { ...record, options: optionsInForce(record.config, record.overrides) };
}

/** 0 takes back the author's limit. */
function withoutZeros(limits: PluginLimits): PluginLimits {
  return Object.fromEntries(Object.entries(limits).filter(([, limit]) => limit !== 0));
}

/** A property, unless its value says nothing. */
function filled<Key extends string, Value extends object>(key: Key, value: Value): { [K in Key]?: Value } {
  // A computed key loses its type.
  return Object.keys(value).length === 0 ? {} : ({ [key]: value } as { [K in Key]: Value });
}
