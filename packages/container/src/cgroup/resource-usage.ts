/**
 * CPU and memory usage of a container's cgroup. On cgroup v1 each controller has a hierarchy of its own, on v2 one
 * hierarchy has all; on hybrid hosts v1 has precedence.
 * @see Documentation/admin-guide/cgroup-v1/cpuacct.rst and memory.rst, cgroup-v2.rst
 */
import { join } from 'node:path';
import { type CgroupMount, mayControl } from './cgroup-mounts.ts';
import { findField, readNumber, readOptional } from './controller-files.ts';

/** Usage of a container; a figure that this host does not count is absent. */
export interface ResourceUsage {
  /** CPU time of all its processes since the container was created, in seconds. */
  readonly cpuSeconds?: number;
  /** Memory in bytes without inactive file cache, as `docker stats` shows it. */
  readonly memoryBytes?: number;
}

/**
 * Read the usage of one cgroup.
 * @param cgroupPath below the root of each hierarchy
 * @param mounts as `findCgroupMounts` found them
 */
export async function readCgroupUsage(
  cgroupPath: string,
  mounts: readonly CgroupMount[],
): Promise<ResourceUsage> {
  let usage: ResourceUsage = {};
  for (const mount of mounts) {
    if (usage.cpuSeconds !== undefined && usage.memoryBytes !== undefined) break;
    const directory = join(mount.mountPoint, cgroupPath);
    const found = mount.version === 1 ? await readVersion1(mount, directory) : await readVersion2(directory);
    usage = { ...found, ...usage };
  }
  return usage;
}

async function readVersion1(mount: CgroupMount, directory: string): Promise<ResourceUsage> {
  const [cpuNanoseconds, memory] = await Promise.all([
    mayControl(mount, 'cpuacct') ? readNumber(join(directory, 'cpuacct.usage')) : undefined,
    mayControl(mount, 'memory') ? readMemory(directory, 'memory.usage_in_bytes', 'total_inactive_file') : {},
  ]);
  return { ...(cpuNanoseconds !== undefined && { cpuSeconds: cpuNanoseconds / 1e9 }), ...memory };
}

async function readVersion2(directory: string): Promise<ResourceUsage> {
  const [cpu, memory] = await Promise.all([
    readOptional(join(directory, 'cpu.stat')),
    readMemory(directory, 'memory.current', 'inactive_file'),
  ]);
  const microseconds = findField(cpu, 'usage_usec');
  return { ...(microseconds !== undefined && { cpuSeconds: microseconds / 1e6 }), ...memory };
}

async function readMemory(directory: string, file: string, cacheField: string): Promise<ResourceUsage> {
  const [total, stat] = await Promise.all([
    readNumber(join(directory, file)),
    readOptional(join(directory, 'memory.stat')),
  ]);
  if (total === undefined) return {};
  const cache = findField(stat, cacheField) ?? 0;
  // Not negative: the two values are read at different times.
  return { memoryBytes: Math.max(0, total - cache) };
}
