/**
 * Paths of the containers of one exec root, and the look-up of a container that runs.
 */
import { join } from 'node:path';
import { requireCgroup } from '../cgroup/cgroup-driver.ts';
import { type BundlePaths, bundlePaths, readRunRecord } from './bundle.ts';

/** Paths of containers. */
export interface ContainerPaths {
  /** Parent of all paths below. */
  readonly execRoot: string;
  /** Name or path of the OCI runtime. */
  readonly runtime: string;
  /** The runtime's state directory. */
  readonly runtimeRoot: string;
  /** Bundle of one container. */
  bundle(id: string): BundlePaths;
}

/** Paths below an exec root. @param runtime as in `ConmonRuntimeOptions` */
export function containerPaths(execRoot: string, runtime = 'runc'): ContainerPaths {
  return {
    execRoot,
    runtime,
    runtimeRoot: join(execRoot, 'runtime'),
    bundle: (id) => bundlePaths(join(execRoot, 'bundles', id)),
  };
}

/** A container that runs, as it was recorded at its start. */
export interface ContainerRun {
  /** Path of its own cgroup below the root of each hierarchy, whatever cgroup driver is configured now. */
  readonly cgroupPath: string;
  /**
   * Name or path of the OCI runtime that created it, whatever runtime is configured now: no other runtime knows it.
   */
  readonly runtime: string;
  /** Pid of its first process, on the host. */
  readonly pid: number;
}

/** Look a container up by its run record. @returns undefined when it has ended */
export async function findRun(
  paths: Pick<ContainerPaths, 'bundle' | 'runtime'>,
  id: string,
): Promise<ContainerRun | undefined> {
  const record = await readRunRecord(paths.bundle(id));
  if (record === undefined) return undefined;
  const { cgroupsPath, runtime = paths.runtime, container } = record;
  const { cgroupPath = requireCgroup(cgroupsPath).path } = record;
  return { cgroupPath, runtime, pid: container.pid };
}
