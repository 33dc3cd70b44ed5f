/**
 * Metrics of each plugin. Every series has the label `plugin`, the full name; the series of a removed plugin end.
 */
import type { Plugin, PluginState, ResourceUsage } from '@outboard/engine';
import type { MetricFamily, Sample } from './exposition.ts';
import type { Totals } from './measurements.ts';

/** The figures of one installed plugin. */
export interface MeasuredPlugin {
  readonly plugin: Pick<Plugin, 'name' | 'enabled'>;
  readonly state: PluginState;
  readonly totals: Totals;
  readonly outOfMemoryKills: number;
  /** Absent while the plugin does not run. */
  readonly usage?: ResourceUsage | undefined;
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

/** One family: its name after `outboard_plugin_`, and the samples of one plugin without the label `plugin`. */
interface PluginFamily extends Pick<MetricFamily, 'name' | 'type' | 'help'> {
  readonly samplesOf: (plugin: MeasuredPlugin) => readonly Sample[];
}

const processFamilies: readonly PluginFamily[] = [
  {
    name: 'enabled',
    type: 'gauge',
    help: 'Whether the plugin should run.',
    samplesOf: ({ plugin }) => one(Number(plugin.enabled)),
  },
  {
    name: 'state',
    type: 'gauge',
    help: "State of the plugin's process: 1 for the current one.",
    samplesOf: ({ state }) =>
      pluginStates.map((name) => ({ labels: { state: name }, value: Number(name === state.status) })),
  },
  {
    name: 'start_time_seconds',
    type: 'gauge',
    help: 'Start time of the plugin, in seconds since the epoch.',
    samplesOf: ({ state }) => one('startedAt' in state ? state.startedAt.getTime() / 1000 : undefined),
  },
  {
    name: 'restarts_total',
    type: 'counter',
    help: 'Restarts of the plugin since it was enabled.',
    samplesOf: ({ state }) => one('restarts' in state ? state.restarts : undefined),
  },
  {
    name: 'oom_kills_total',
    type: 'counter',
    help: 'Processes of the plugin that were killed for lack of memory since it was enabled.',
    samplesOf: ({ outOfMemoryKills }) => one(outOfMemoryKills),
  },
  {
    name: 'cpu_seconds_total',
    type: 'counter',
    help: 'CPU time of the plugin since it was started, in seconds.',
    samplesOf: ({ usage }) => one(usage?.cpuSeconds),
  },
  {
    name: 'memory_bytes',
    type: 'gauge',
    help: 'Memory of the plugin without file cache, in bytes.',
    samplesOf: ({ usage }) => one(usage?.memoryBytes),
  },
];

const operationFamilies: readonly PluginFamily[] = [
  {
    name: 'operations_total',
    type: 'counter',
    help: 'Operations on the plugin that have ended.',
    samplesOf: ({ totals }) =>
      totals.operations.map(({ operation, outcome, count }) => ({
        labels: { operation, outcome },
        value: count,
      })),
  },
  {
    name: 'operation_seconds_total',
    type: 'counter',
    help: 'Duration of the operations on the plugin, in seconds.',
    samplesOf: ({ totals }) =>
      totals.operations.map(({ operation, outcome, seconds }) => ({
        labels: { operation, outcome },
        value: seconds,
      })),
  },
  {
    name: 'pulled_bytes_total',
    type: 'counter',
    help: "Bytes of the plugin's layers from registries.",
    samplesOf: ({ totals }) => one(totals.receivedBytes),
  },
  {
    name: 'pushed_bytes_total',
    type: 'counter',
    help: "Bytes of the plugin's blobs to registries.",
    samplesOf: ({ totals }) => one(totals.sentBytes),
  },
  {
    name: 'unpack_seconds_total',
    type: 'counter',
    help: "Time in which unpack jails read and flushed the plugin's layers, in seconds.",
    samplesOf: ({ totals }) => one(totals.unpackSeconds),
  },
];

/** @param plugins in the order of their series */
export function pluginFamilies(plugins: readonly MeasuredPlugin[]): readonly MetricFamily[] {
  return [...processFamilies, ...operationFamilies].map(({ name, type, help, samplesOf }) => ({
    name: `outboard_plugin_${name}`,
    type,
    help,
    samples: samplesOfAll(plugins, samplesOf),
  }));
}

function* samplesOfAll(
  plugins: readonly MeasuredPlugin[],
  samplesOf: PluginFamily['samplesOf'],
): Generator<Sample> {
  for (const measured of plugins) {
    for (const sample of samplesOf(measured)) {
      yield { ...sample, labels: { plugin: measured.plugin.name, ...sample.labels } };
    }
  }
}

function one(value: number | undefined): readonly Sample[] {
  return value === undefined ? [] : [{ value }];
}
