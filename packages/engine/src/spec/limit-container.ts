/**
 * Bounds of containers: what this host can bound, and other bounds for a container that runs.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import {
  type CgroupMount,
  type ContainerPaths,
  findBinary,
  findCgroupDirectories,
  findCgroupMounts,
  findRun,
  readUnreclaimableMemory,
  updateContainer,
} from '@outboard/container';
import { OutboardError } from '@outboard/oci';
import type { PluginLimits } from '../config/plugin-options.ts';
import { createLimitsUpdate } from './resources.ts';

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
 * @throws {OutboardError} conflict with the runtime's own words, such as when more memory is in use than is allowed, or
 *   when the container has ended
 */
export async function limitContainer(
  places: ContainerPaths,
  id: string,
  limits: PluginLimits,
): Promise<void> {
  const [container, mounts] = await Promise.all([findRun(places, id), findCgroupMounts()]);
  if (container === undefined) throw refusal('it has ended');
  await requireMemoryFor(container.cgroupPath, limits);
  const bounds = createLimitsUpdate(limits, { limitsSwap: canLimitSwap(mounts) });
  const call = { runtime: await findBinary(container.runtime), root: places.runtimeRoot, id };
  const folder = places.bundle(id).directory;
  try {
    await updateContainer(call, bounds, { folder, timeoutMs: updateTimeoutMs });
  } catch (cause) {
    throw refusal(cause instanceof Error ? cause.message : String(cause), cause);
  }
}

/** On cgroup v2 the kernel takes a limit below what is in use, and ends processes until the rest fits. */
async function requireMemoryFor(cgroupPath: string, { memoryBytes = 0 }: PluginLimits): Promise<void> {
  if (memoryBytes === 0) return;
  for (const folder of await findCgroupDirectories(cgroupPath)) {
    const needed = await readUnreclaimableMemory(folder);
    if (needed === undefined || needed <= memoryBytes) continue;
    throw refusal(
      `it uses ${needed} bytes of memory, more than the ${memoryBytes} that it is to have: disable it first, or allow more`,
    );
  }
}

function refusal(reason: string, cause?: unknown): OutboardError {
  return new OutboardError('conflict', `cannot change the limits of a plugin that runs: ${reason}`, {
    cause,
  });
}
