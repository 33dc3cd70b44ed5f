/**
 * Bounds of containers: what this host can bound, and other bounds for a container that runs.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { OutboardError } from '@outboard/oci';
import type { PluginLimits } from '../config/plugin-options.ts';
import { findBinary } from '../linux/find-binary.ts';
import { type CgroupMount, findCgroupMounts } from './cgroup-usage.ts';
import type { ContainerPlaces } from './container-places.ts';
import { updateContainer } from './oci-runtime.ts';
import { createLimitsUpdate } from './spec/resources.ts';

const updateTimeoutMs = 30_000;

/** Whether the kernel can bound swap. On cgroup v1 it must have been started with `swapaccount=1`, or be 6.1 or newer. */
export function canLimitSwap(mounts: readonly CgroupMount[]): boolean {
  const memory = mounts.find(
    ({ mountPoint, version }) => version === 1 && existsSync(join(mountPoint, 'memory.limit_in_bytes')),
  );
  // On v2 the runtime itself passes over a kernel without swap.
  return memory === undefined || existsSync(join(memory.mountPoint, 'memory.memsw.limit_in_bytes'));
}

/**
 * Give a container that runs other bounds on memory, processors and processes: all of them or, when the kernel refuses
 * one, as before.
 * @param limits those in force from now on; what is absent is not bounded any more
 * @throws {OutboardError} conflict with the runtime's own words, such as when more memory is in use than is allowed
 */
export async function limitContainer(
  places: ContainerPlaces,
  id: string,
  limits: PluginLimits,
): Promise<void> {
  const [runtime, mounts] = await Promise.all([findBinary(places.runtime), findCgroupMounts()]);
  const bounds = createLimitsUpdate(limits, { limitsSwap: canLimitSwap(mounts) });
  try {
    await updateContainer({ runtime, root: places.runtimeRoot, id }, bounds, { timeoutMs: updateTimeoutMs });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new OutboardError('conflict', `cannot change the limits of a plugin that runs: ${reason}`, {
      cause,
    });
  }
}
