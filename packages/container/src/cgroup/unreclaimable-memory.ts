/**
 * Memory that the processes of a cgroup cannot do without.
 * @see Linux, Documentation/admin-guide/cgroup-v2.rst, "Memory Interface Files"
 */
import { join } from 'node:path';
import { findField, readOptional } from './controller-files.ts';

/** Memory that the kernel reclaims under pressure. */
const reclaimable = ['active_file', 'inactive_file', 'slab_reclaimable'] as const;

/**
 * Read the memory in use without reclaimable memory, in bytes.
 * @param directory of a cgroup
 * @returns undefined unless it is a cgroup v2 with a memory controller
 */
export async function readUnreclaimableMemory(directory: string): Promise<number | undefined> {
  const [current, stat] = await Promise.all(
    ['memory.current', 'memory.stat'].map((file) => readOptional(join(directory, file))),
  );
  if (current === undefined || stat === undefined) return undefined;
  const taken = reclaimable.reduce((sum, name) => sum + (findField(stat, name) ?? 0), 0);
  return Math.max(0, Number(current) - taken);
}
