/**
 * Resource usage: what the plugins that run take of the host.
 */
import type { Plugin } from '../config/plugin-config.ts';
import { findCgroupMounts, type ResourceUsage, readCgroupUsage } from '../runtime/cgroup-usage.ts';
import { defaultCgroupsPath } from '../runtime/recover-containers.ts';
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
  context: Pick<EngineContext, 'store' | 'supervisor'>,
  plugins: readonly Pick<Plugin, 'id'>[] = context.store.all(),
): Promise<ReadonlyMap<string, ResourceUsage>> {
  const mounts = await findCgroupMounts();
  const running = plugins.filter(({ id }) => hasProcess(context.supervisor.state(id))).values();
  const usage = new Map<string, ResourceUsage>();
  // All workers draw from one iterator.
  const work = async (): Promise<void> => {
    for (const { id } of running) usage.set(id, await readCgroupUsage(defaultCgroupsPath(id), mounts));
  };
  await Promise.all(Array.from({ length: parallelReads }, work));
  return usage;
}
