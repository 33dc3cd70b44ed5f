/**
 * Stats: usage, limits and network traffic of running plugins at one moment.
 */
import type { InterfaceTraffic, ResourceStats } from '@outboard/container';
import { hasProcess } from '../../supervise/supervisor.ts';
import type { EngineContext } from '../engine-context.ts';

/** Figures of one plugin. Traffic is counted on the bridge only. */
export interface PluginStats extends ResourceStats, Partial<InterfaceTraffic> {
  readonly id: string;
  readonly name: string;
  readonly readAt: Date;
  /** As in `PluginStatus`. */
  readonly outOfMemoryKills: number;
}

/**
 * Read the stats of plugins that run, by name.
 * @param plugins names or IDs; default all plugins
 * @throws {OutboardError} not-found
 */
export async function readStats(
  { store, supervisor, containers }: Pick<EngineContext, 'store' | 'supervisor' | 'containers'>,
  plugins?: readonly string[],
): Promise<readonly PluginStats[]> {
  const records =
    plugins === undefined ? store.all() : [...new Set(plugins.map((plugin) => store.find(plugin)))];
  const running = records.filter(({ id }) => hasProcess(supervisor.state(id)));
  const figures = await containers.stats(running.map(({ id }) => id));
  const stats: PluginStats[] = [];
  for (const { id, name, config } of running) {
    const traffic = config.network.type === 'bridge' ? await containers.traffic(id) : undefined;
    stats.push({
      id,
      name,
      readAt: new Date(),
      outOfMemoryKills: supervisor.outOfMemoryKills(id),
      ...figures.get(id),
      ...traffic,
    });
  }
  return stats.sort((left, right) => (left.name < right.name ? -1 : 1));
}
