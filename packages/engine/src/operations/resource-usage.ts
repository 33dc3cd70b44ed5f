/**
 * Resource usage: what the plugins that run take of the host.
 */

import { mapBounded } from '@outboard/async';
import { findCgroupMounts, findRun, type ResourceUsage, readCgroupUsage } from '@outboard/container';
import type { Plugin } from '../config/plugin-config.ts';
import { hasProcess } from '../supervise/supervisor.ts';
import type { EngineContext } from './engine-context.ts';

/** Reading a cgroup takes a few system calls in the thread pool, which others need too. */
const parallelReads = 8;

/**
 * Read the figures of the plugins that run, by plugin ID.
 * @param plugins default all
 * @throws {OutboardError} system when the host's mount table cannot be read
 */
export async function readResourceUsage(
  context: Pick<EngineContext, 'store' | 'supervisor' | 'places'>,
  plugins: readonly Pick<Plugin, 'id'>[] = context.store.all(),
): Promise<ReadonlyMap<string, ResourceUsage>> {
  const mounts = await findCgroupMounts();
  const running = plugins.filter(({ id }) => hasProcess(context.supervisor.state(id)));
  const usage = new Map<string, ResourceUsage>();
  const read = async ({ id }: Pick<Plugin, 'id'>): Promise<void> => {
    const run = await findRun(context.places, id);
    if (run !== undefined) usage.set(id, await readCgroupUsage(run.cgroupPath, mounts));
  };
  await mapBounded(running, read, parallelReads);
  return usage;
}
