/**
 * Metrics of the calls that other programs make to plugins through the gateway. The number of series is bounded by the
 * installed plugins and the methods of the plugin protocols.
 */
import {
  type CallLoad,
  type CallTotals,
  callDurationBounds,
  type GatewayEndpoint,
  type MethodTotals,
} from '@outboard/gateway';
import type { MetricFamily, Sample } from './exposition.ts';

/** The calls of one installed plugin. */
export interface CalledPluginTotals {
  /** Its full name. */
  readonly name: string;
  readonly totals: CallTotals;
  /** Absent before its socket was open. */
  readonly load?: CallLoad | undefined;
}

/**
 * The families of calls and sockets.
 * @param plugins in the order of their series
 */
export function gatewayFamilies(
  plugins: readonly CalledPluginTotals[],
  endpoints: readonly GatewayEndpoint[],
): readonly MetricFamily[] {
  const all = plugins.flatMap(({ name, totals }) => totals.map((method) => ({ plugin: name, method })));
  return [
    {
      name: 'outboard_gateway_socket_listening',
      help: 'Whether the socket of an enabled plugin accepts connections.',
      type: 'gauge',
      samples: endpoints.map(({ pluginName, alias, problem }) => ({
        labels: { plugin: pluginName, alias },
        value: Number(problem === undefined),
      })),
    },
    {
      name: 'outboard_gateway_calls_running',
      help: 'Calls of other programs to plugins that are under way.',
      type: 'gauge',
      samples: loadSamples(plugins, ({ running }) => running),
    },
    {
      name: 'outboard_gateway_calls_waiting',
      help: 'Calls of other programs to plugins that wait for others to end.',
      type: 'gauge',
      samples: loadSamples(plugins, ({ waiting }) => waiting),
    },
    {
      name: 'outboard_gateway_circuit_open',
      help: 'Whether calls to the plugin fail at once, because it did not answer.',
      type: 'gauge',
      samples: loadSamples(plugins, ({ circuit }) => Number(circuit !== 'closed')),
    },
    {
      name: 'outboard_gateway_calls_total',
      help: 'Calls of other programs to plugins that have ended.',
      type: 'counter',
      samples: samplesOf(all, ({ plugin, method: { method, outcomes } }) =>
        Object.entries(outcomes).map(([outcome, value]) => ({ labels: { plugin, method, outcome }, value })),
      ),
    },
    {
      name: 'outboard_gateway_call_duration_seconds',
      help: 'Duration of calls of other programs to plugins, with every wait, of every outcome.',
      type: 'histogram',
      samples: samplesOf(all, ({ plugin, method }) => histogramSamples(plugin, method)),
    },
  ];
}

function* samplesOf<Item>(
  items: readonly Item[],
  read: (item: Item) => readonly Sample[],
): Generator<Sample> {
  for (const item of items) yield* read(item);
}

function loadSamples(
  plugins: readonly CalledPluginTotals[],
  figureOf: (load: CallLoad) => number,
): readonly Sample[] {
  return plugins.flatMap(({ name, load }) =>
    load === undefined ? [] : [{ labels: { plugin: name }, value: figureOf(load) }],
  );
}

function histogramSamples(plugin: string, totals: MethodTotals): readonly Sample[] {
  const { method, atMost, count, seconds } = totals;
  const labels = { plugin, method };
  const bucket = (le: string, value: number): Sample => {
    return { suffix: '_bucket', labels: { ...labels, le }, value };
  };
  return [
    ...callDurationBounds.map((bound, index) => bucket(String(bound), atMost[index] ?? 0)),
    bucket('+Inf', count),
    { suffix: '_sum', labels, value: seconds },
    { suffix: '_count', labels, value: count },
  ];
}
