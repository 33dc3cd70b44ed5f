/**
 * Renders all metrics. Loaded by the first request for them.
 */
import type { PluginEngine } from '@outboard/engine';
import type { CallLog, GatewayEndpoint } from '@outboard/gateway';
import { daemonFamilies } from './daemon-families.ts';
import { encodeExposition } from './exposition.ts';
import { gatewayFamilies } from './gateway-families.ts';
import type { Measurements } from './measurements.ts';
import { type MeasuredPlugin, pluginFamilies } from './plugin-families.ts';
import { processFamilies } from './process-families.ts';

/** The engine as metrics read it. */
export type MeasuredEngine = Pick<PluginEngine, 'list' | 'state' | 'outOfMemoryKills' | 'resourceUsage'>;

/** The gateway as metrics read it. */
export interface MeasuredGateway {
  readonly calls: Pick<CallLog, 'totalsOf' | 'loadOf'>;
  /** Empty while the gateway is off. */
  endpoints(): readonly GatewayEndpoint[];
}

/** The parts that metrics are read from. */
export interface MetricSources {
  readonly engine: MeasuredEngine;
  readonly gateway: MeasuredGateway;
}

/**
 * Read the engine, the gateway and the process.
 * @param version of the daemon
 * @returns text in the format of Prometheus
 */
export async function renderMetrics(
  { engine, gateway }: MetricSources,
  measurements: Measurements,
  version: string,
): Promise<string> {
  const usage = await engine.resourceUsage();
  const ofProcess = await processFamilies(version);
  // No await before all is read: a plugin that is listed cannot be removed before its state is read.
  const plugins = engine.list().map((plugin): MeasuredPlugin => {
    return {
      plugin,
      state: engine.state(plugin.id),
      outOfMemoryKills: engine.outOfMemoryKills(plugin.id),
      totals: measurements.totalsOf(plugin.id),
      usage: usage.get(plugin.id),
    };
  });
  plugins.sort((a, b) => (a.plugin.name < b.plugin.name ? -1 : 1));
  const called = engine.list().map(({ id, name }) => ({
    name,
    totals: gateway.calls.totalsOf(id),
    load: gateway.calls.loadOf(id),
  }));
  called.sort((a, b) => (a.name < b.name ? -1 : 1));
  const states = plugins.map(({ state }) => state.status);
  return await encodeExposition([
    ...ofProcess,
    ...daemonFamilies(measurements, states),
    ...pluginFamilies(plugins),
    ...gatewayFamilies(called, gateway.endpoints()),
  ]);
}
