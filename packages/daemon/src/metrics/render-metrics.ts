/**
 * One reading of all metrics. Loaded when somebody asks for the first time.
 */
import type { PluginEngine } from '@outboard/engine';
import { daemonFamilies } from './daemon-families.ts';
import { encodeExposition } from './exposition.ts';
import type { Measurements } from './measurements.ts';
import { type MeasuredPlugin, pluginFamilies } from './plugin-families.ts';
import { processFamilies } from './process-families.ts';

export type MeasuredEngine = Pick<PluginEngine, 'list' | 'state' | 'outOfMemoryKills' | 'resourceUsage'>;

/** @returns Prometheus text */
export async function renderMetrics(
  engine: MeasuredEngine,
  measurements: Measurements,
  version: string,
): Promise<string> {
  const usage = await engine.resourceUsage();
  const ofProcess = await processFamilies(version);
  // From here on nothing is awaited: what is listed is there.
  const plugins = engine.list().map((plugin): MeasuredPlugin => {
    const used = usage.get(plugin.id);
    return {
      plugin,
      state: engine.state(plugin.id),
      outOfMemoryKills: engine.outOfMemoryKills(plugin.id),
      totals: measurements.totalsOf(plugin.id),
      ...(used !== undefined && { usage: used }),
    };
  });
  plugins.sort((a, b) => (a.plugin.name < b.plugin.name ? -1 : 1));
  const states = plugins.map(({ state }) => state.status);
  return encodeExposition([
    ...ofProcess,
    ...daemonFamilies(measurements, states),
    ...pluginFamilies(plugins),
  ]);
}
