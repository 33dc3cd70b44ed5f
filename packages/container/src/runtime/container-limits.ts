/**
 * Changes the limits of a container that runs.
 * @see OCI runtime-spec v1.0.2, config-linux.md, "Control groups"; runc-update(8)
 */
import { OutboardError } from '@outboard/oci';
import { findCgroupDirectories } from '../cgroup/cgroup-tree.ts';
import { readUnreclaimableMemory } from '../cgroup/unreclaimable-memory.ts';
import { findBinary } from '../linux/find-binary.ts';
import type { SpecLimits } from '../spec/runtime-spec.ts';
import { type ContainerPaths, findRun } from './container-paths.ts';
import { updateContainer } from './oci-runtime.ts';

const updateTimeoutMs = 30_000;

/**
 * Set all limits or, when the kernel refuses one, none.
 * @throws {OutboardError} conflict, as `RunningContainers.setLimits`
 */
export async function setContainerLimits(
  paths: ContainerPaths,
  id: string,
  limits: SpecLimits,
): Promise<void> {
  const container = await findRun(paths, id);
  if (container === undefined) throw refusal('it has ended');
  await requireMemory(container.cgroupPath, limits.memory?.limit ?? 0);
  const call = { runtime: await findBinary(container.runtime), root: paths.runtimeRoot, id };
  try {
    await updateContainer(call, limits, {
      directory: paths.bundle(id).directory,
      timeoutMs: updateTimeoutMs,
    });
  } catch (cause) {
    throw refusal(cause instanceof Error ? cause.message : String(cause), cause);
  }
}

/**
 * On cgroup v2 the kernel accepts a limit below the memory in use, and kills processes until the rest fits.
 * @param memoryBytes 0 or less: no limit
 */
async function requireMemory(cgroupPath: string, memoryBytes: number): Promise<void> {
  if (memoryBytes <= 0) return;
  for (const directory of await findCgroupDirectories(cgroupPath)) {
    const needed = await readUnreclaimableMemory(directory);
    if (needed === undefined || needed <= memoryBytes) continue;
    throw refusal(
      `it uses ${needed} bytes of memory, more than the ${memoryBytes} that it is to have: stop it first, or allow more`,
    );
  }
}

function refusal(reason: string, cause?: unknown): OutboardError {
  return new OutboardError('conflict', `cannot change the limits of a running container: ${reason}`, {
    cause,
  });
}
