/**
 * Where the containers of one exec root are, for those who look into one or run something in it.
 */
import { join } from 'node:path';
import { requireCgroup } from '../cgroup/cgroup-driver.ts';
import { type BundlePaths, bundlePaths, readRunRecord } from './bundle.ts';

export interface ContainerPaths {
  /** The directory of all that follows. */
  readonly execRoot: string;
  /** Name or path of the OCI runtime. */
  readonly runtime: string;
  /** The runtime's state directory. */
  readonly runtimeRoot: string;
  /** The directory of one container. */
  bundle(id: string): BundlePaths;
}

/** @param runtime as in `ConmonRuntimeOptions` */
export function containerPaths(execRoot: string, runtime = 'runc'): ContainerPaths {
  return {
    execRoot,
    runtime,
    runtimeRoot: join(execRoot, 'runtime'),
    bundle: (id) => bundlePaths(join(execRoot, 'bundles', id)),
  };
}

/** How a container was made that runs. */
export interface ContainerRun {
  /** The path of its own cgroup below the root of each hierarchy, whichever driver is in use by now. */
  readonly cgroupPath: string;
  /** Name or path of the OCI runtime that made it, whichever is in use by now: no other one knows it. */
  readonly runtime: string;
  /** Of its first process, on the host. */
  readonly pid: number;
}

/** @returns undefined when it has ended */
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
