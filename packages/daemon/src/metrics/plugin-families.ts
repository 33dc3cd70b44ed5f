/**
 * What each plugin does. Every series has the label `plugin`, the full name; those of a removed plugin end.
 */
import type { Plugin, PluginState, ResourceUsage } from '@outboard/engine';
import type { MetricFamily, Sample } from './exposition.ts';
import type { Totals } from './measurements.ts';

/** One plugin that is there. */
export interface MeasuredPlugin {
  readonly plugin: Pick<Plugin, 'name' | 'enabled'>;
  readonly state: PluginState;
  readonly totals: Totals;
  readonly outOfMemoryKills: number;
  /** Absent while it does not run. */
  readonly usage?: ResourceUsage;
}

/** Every state of a plugin's process. */
export const pluginStates = Object.keys({
  disabled: true,
  starting: true,
  running: true,
  unhealthy: true,
  'backing-off': true,
  stopping: true,
  failed: true,
} satisfies Record<PluginState['status'], true>) as PluginState['status'][]; // the keys of just that type

export function pluginFamilies(plugins: readonly MeasuredPlugin[]): readonly MetricFamily[] {
  /** One family: what each plugin adds to it, with or without further labels. */
  const family = (
    name: string,
    type: MetricFamily['type'],
    help: string,
    samplesOf: (plugin: MeasuredPlugin) => readonly Sample[],
  ): MetricFamily => ({
    name: `outboard_plugin_${name}`,
    type,
    help,
    samples: plugins.flatMap((measured) =>
      samplesOf(measured).map((sample) => ({
        ...sample,
        labels: { plugin: measured.plugin.name, ...sample.labels },
      })),
    ),
  });
  return [
    family('enabled', 'gauge', 'Whether the plugin should run.', ({ plugin }) => one(Number(plugin.enabled))),
    family('state', 'gauge', "State of the plugin's process: 1 for the one it is in.", ({ state }) =>
      pluginStates.map((name) => ({ labels: { state: name }, value: Number(name === state.status) })),
    ),
    family(
      'start_time_seconds',
      'gauge',
      'Since when the plugin runs, in seconds since the epoch.',
      ({ state }) => one('startedAt' in state ? state.startedAt.getTime() / 1000 : undefined),
    ),
    family(
      'restarts_total',
      'counter',
      'How often the plugin was started again since it was enabled.',
      ({ state }) => one('restarts' in state ? state.restarts : undefined),
    ),
    family(
      'oom_kills_total',
      'counter',
      'How many processes of the plugin were killed for want of memory since it was enabled.',
      ({ outOfMemoryKills }) => one(outOfMemoryKills),
    ),
    family(
      'cpu_seconds_total',
      'counter',
      'CPU time of the plugin since it was started, in seconds.',
      ({ usage }) => one(usage?.cpuSeconds),
    ),
    family('memory_bytes', 'gauge', 'Memory of the plugin without file cache, in bytes.', ({ usage }) =>
      one(usage?.memoryBytes),
    ),
    family('operations_total', 'counter', 'Operations on the plugin that have ended.', ({ totals }) =>
      totals.operations.map(({ operation, outcome, count }) => ({
        labels: { operation, outcome },
        value: count,
      })),
    ),
    family('operation_seconds_total', 'counter', 'How long operations on the plugin took.', ({ totals }) =>
      totals.operations.map(({ operation, outcome, seconds }) => ({
        labels: { operation, outcome },
        value: seconds,
      })),
    ),
    family('pulled_bytes_total', 'counter', "Bytes of the plugin's layers from registries.", ({ totals }) =>
      one(totals.receivedBytes),
    ),
    family('pushed_bytes_total', 'counter', "Bytes of the plugin's blobs to registries.", ({ totals }) =>
      one(totals.sentBytes),
    ),
    family(
      'unpack_seconds_total',
      'counter',
      'Time in which unpack jails took in its layers.',
      ({ totals }) => one(totals.unpackSeconds),
    ),
  ];
}

function one(value: number | undefined): readonly Sample[] {
  return value === undefined ? [] : [{ value }];
}
