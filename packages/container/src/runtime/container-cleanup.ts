/**
 * Removes what a container leaves on the host, whatever state it is in and whoever started it.
 */
import { lstat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { ContainerCgroup } from '../cgroup/cgroup-driver.ts';
import { removeCgroup } from '../cgroup/cgroup-tree.ts';
import { endScope } from '../cgroup/systemd-scope.ts';
import { isErrno } from '../linux/errno.ts';
import { findBinary } from '../linux/find-binary.ts';
import { endProcessGroup, isSameProcess, type ProcessIdentity } from '../linux/process-identity.ts';
import { removeTree } from '../linux/remove-tree.ts';
import type { BundlePaths } from './bundle.ts';
import { deleteContainer } from './oci-runtime.ts';

/** What is known of a container that is to go. */
export interface ContainerCleanup {
  readonly id: string;
  readonly paths: BundlePaths;
  /** All that it may have, when it is not known which it has. */
  readonly cgroups: readonly ContainerCgroup[];
  /** Its conmon, if one of this boot is known. */
  readonly monitor?: ProcessIdentity;
  /**
   * Whether the monitor may end by itself, right after its container, as it does when someone waits for the exit.
   * Otherwise it is killed first: it may be creating the container at this moment.
   */
  readonly awaitsMonitor: boolean;
  /** Name or path of the runtime that made it; default the host's. */
  readonly runtime?: string;
  /** Whether the runtime's state is of this boot; pids in an older one mean nothing and are not looked at. */
  readonly isOfThisBoot: boolean;
}

/** What removing needs to know of the host. */
export interface CleanupDeps {
  /** Name or path of the OCI runtime. */
  readonly runtime: string;
  /** The runtime's state directory. */
  readonly runtimeRoot: string;
  readonly logger: Logger;
  readonly deadlines: CleanupDeadlines;
}

/** In milliseconds. */
export interface CleanupDeadlines {
  /** For one call of the OCI runtime; default 30,000. */
  readonly callMs: number;
  /** For processes to end after SIGKILL; default 10,000. */
  readonly killMs: number;
  /** For conmon to end after its container; then it is killed; default 3,000. */
  readonly monitorMs: number;
}

/**
 * Remove everything: processes and cgroup first, since only the cgroup knows all of them; then the monitor, the
 * runtime's state and the bundle. Idempotent; a missing or broken runtime is no obstacle.
 *
 * @throws {OutboardError} system when processes or mounts cannot be removed; the rest is then kept for another try
 */
export async function cleanUpContainer(remains: ContainerCleanup, host: CleanupDeps): Promise<void> {
  const { monitor, awaitsMonitor } = remains;
  if (monitor !== undefined && !awaitsMonitor) await endMonitor(monitor, 0);
  for (const { path } of remains.cgroups) await removeCgroup(path, { timeoutMs: host.deadlines.killMs });
  // conmon reaps the first process; until then the runtime takes it for running and waits.
  if (monitor !== undefined && awaitsMonitor) await endMonitor(monitor, host.deadlines.monitorMs);
  await removeRuntimeState(remains, host);
  for (const cgroup of remains.cgroups) {
    if (cgroup.driver === 'systemd') await endScope(cgroup.scope, { timeoutMs: host.deadlines.callMs });
  }
  await removeTree(remains.paths.directory);
}

async function removeRuntimeState(remains: ContainerCleanup, host: CleanupDeps): Promise<void> {
  const state = join(host.runtimeRoot, remains.id);
  if (!(await exists(state))) return;
  if (remains.isOfThisBoot) {
    try {
      const runtime = await findBinary(remains.runtime ?? host.runtime);
      const call = { runtime, root: host.runtimeRoot, id: remains.id };
      await deleteContainer(call, { timeoutMs: host.deadlines.callMs });
    } catch (error) {
      // Its processes are gone already, so what the runtime failed to remove is files.
      host.logger.warn({ err: error, id: remains.id }, 'the OCI runtime could not delete a container');
    }
  }
  if (await exists(state)) await removeTree(state);
}

/**
 * Wait for the monitor to end by itself; then kill it with all of its process group, which is conmon and what the
 * runtime runs to create a container. The container has a session of its own.
 */
async function endMonitor(monitor: ProcessIdentity, graceMs: number): Promise<void> {
  const deadline = performance.now() + graceMs;
  let pauseMs = 1;
  // It may be no child of this process, and then its end has no event.
  while (isSameProcess(monitor)) {
    if (performance.now() >= deadline) return endProcessGroup(monitor.pid);
    await delay(pauseMs);
    pauseMs = Math.min(pauseMs * 2, 50);
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) return false;
    throw error;
  }
}
