/**
 * Stats: what the plugins that run take of the host, and what they may take.
 */
import { findCgroupMounts, findRun, readCgroupStats, readInterfaceTraffic } from '@outboard/container';
import type { PluginStats } from '../plugin-engine-contract.ts';
import { hasProcess } from '../supervise/supervisor.ts';
import type { EngineContext } from './engine-context.ts';

/**
 * Read the figures of plugins, by name; of those that run.
 * @param names or IDs; default all plugins
 * @throws {OutboardError} not-found
 */
export async function readStats(
  { store, supervisor, places }: Pick<EngineContext, 'store' | 'supervisor' | 'places'>,
  names?: readonly string[],
): Promise<readonly PluginStats[]> {
  const records = names === undefined ? store.all() : [...new Set(names.map((name) => store.find(name)))];
  const mounts = await findCgroupMounts();
  const stats: PluginStats[] = [];
  // One after another: nobody waits for a table as for an answer, and others need the thread pool.
  for (const { id, name, config } of records) {
    const state = supervisor.state(id);
    if (!hasProcess(state)) continue;
    const run = await findRun(places, id);
    const figures = run === undefined ? {} : await readCgroupStats(run.cgroupPath, mounts);
    const traffic = config.network.type === 'bridge' ? await readInterfaceTraffic(state.pid) : undefined;
    stats.push({
      id,
      name,
      readAt: new Date(),
      outOfMemoryKills: supervisor.outOfMemoryKills(id),
      ...figures,
      ...traffic,
    });
  }
  return stats.sort((left, right) => (left.name < right.name ? -1 : 1));
}
