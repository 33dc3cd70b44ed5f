/**
 * How much memory the processes of a cgroup cannot do without.
 * @see Linux, Documentation/admin-guide/cgroup-v2.rst, "Memory Interface Files"
 */
import { join } from 'node:path';
import { findField, readOptional } from './controller-files.ts';

/** What the kernel takes back when memory becomes scarce. */
const reclaimable = ['active_file', 'inactive_file', 'slab_reclaimable'] as const;

/**
 * In bytes: what is in use, without what the kernel can take back.
 * @param directory of a cgroup
 * @returns undefined unless it is one of version 2 with a memory controller
 */
export async function readUnreclaimableMemory(directory: string): Promise<number | undefined> {
  const [current, stat] = await Promise.all(
    ['memory.current', 'memory.stat'].map((file) => readOptional(join(directory, file))),
  );
  if (current === undefined || stat === undefined) return undefined;
  const taken = reclaimable.reduce((sum, name) => sum + (findField(stat, name) ?? 0), 0);
  return Math.max(0, Number(current) - taken);
}
