/**
 * Support of the kernel for limits of swap.
 * @see Linux, Documentation/admin-guide/cgroup-v1/memory.rst, "2.4 swap"; kernel parameter `swapaccount`
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { findCgroupMounts } from './cgroup-mounts.ts';

/**
 * True when the kernel can limit swap. On cgroup v1 it must be 6.1 or newer, or have been booted with
 * `swapaccount=1`.
 */
export async function canLimitSwap(): Promise<boolean> {
  const memory = (await findCgroupMounts()).find(
    ({ version, controllers }) => version === 1 && controllers?.includes('memory'),
  );
  // On v2 the OCI runtime itself ignores the limit on a kernel without swap.
  return memory === undefined || existsSync(join(memory.mountPoint, 'memory.memsw.limit_in_bytes'));
}
