/**
 * Metrics of the daemon over all plugins, including those that were removed.
 */
import type { PluginState } from '@outboard/engine';
import type { MetricFamily, Sample } from './exposition.ts';
import { durationBounds, type Measurements } from './measurements.ts';
import { pluginStates } from './plugin-families.ts';

/**
 * The families of plugins, operations, transfers and requests.
 * @param states of all installed plugins
 */
export function daemonFamilies(
  measurements: Measurements,
  states: readonly PluginState['status'][],
): readonly MetricFamily[] {
  const totals = measurements.totals();
  return [
    {
      name: 'outboard_plugins',
      help: 'Plugins by the state of their process.',
      type: 'gauge',
      samples: pluginStates.map((state) => ({
        labels: { state },
        value: states.filter((status) => status === state).length,
      })),
    },
    {
      name: 'outboard_operations_total',
      help: 'Operations on plugins that have ended.',
      type: 'counter',
      samples: totals.operations.map(({ operation, outcome, count }) => ({
        labels: { operation, outcome },
        value: count,
      })),
    },
    {
      name: 'outboard_operation_duration_seconds',
      help: 'Duration of operations on plugins, of every outcome.',
      type: 'histogram',
      samples: measurements.durations().flatMap(histogramSamples),
    },
    {
      name: 'outboard_pulled_bytes_total',
      help: 'Bytes of layers from registries.',
      type: 'counter',
      samples: [{ value: totals.receivedBytes }],
    },
    {
      name: 'outboard_pushed_bytes_total',
      help: 'Bytes of blobs to registries.',
      type: 'counter',
      samples: [{ value: totals.sentBytes }],
    },
    {
      name: 'outboard_unpack_seconds_total',
      help: 'Time in which unpack jails read and flushed layers, in seconds.',
      type: 'counter',
      samples: [{ value: totals.unpackSeconds }],
    },
    {
      name: 'outboard_http_requests_total',
      help: 'Requests to the API that were answered.',
      type: 'counter',
      samples: measurements.requests().map(({ method, status, count }) => ({
        labels: { method, code: String(status) },
        value: count,
      })),
    },
  ];
}

function histogramSamples(histogram: ReturnType<Measurements['durations']>[number]): readonly Sample[] {
  const labels = { operation: histogram.operation };
  const bucket = (le: string, value: number): Sample => ({
    suffix: '_bucket',
    labels: { ...labels, le },
    value,
  });
  return [
    ...durationBounds.map((bound, index) => bucket(String(bound), histogram.atMost[index] ?? 0)),
    bucket('+Inf', histogram.count),
    { suffix: '_sum', labels, value: histogram.seconds },
    { suffix: '_count', labels, value: histogram.count },
  ];
}
