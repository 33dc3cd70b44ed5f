/**
 * Stats: what the plugins that run take of the host, and what they may take.
 */
import type { PluginStats } from '../plugin-engine-contract.ts';
import { hasProcess } from '../supervise/supervisor.ts';
import type { EngineContext } from './engine-context.ts';

/**
 * Read the figures of plugins, by name; of those that run.
 * @param names or IDs; default all plugins
 * @throws {OutboardError} not-found
 */
export async function readStats(
  { store, supervisor, containers }: Pick<EngineContext, 'store' | 'supervisor' | 'containers'>,
  names?: readonly string[],
): Promise<readonly PluginStats[]> {
  const records = names === undefined ? store.all() : [...new Set(names.map((name) => store.find(name)))];
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
