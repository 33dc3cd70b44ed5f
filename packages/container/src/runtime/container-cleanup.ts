/**
 * Removes everything of a container from the host, whatever state it is in and whatever process started it.
 */
import { lstat } from 'node:fs/promises';
import { join } from 'node:path';
import { pollUntil } from '@outboard/async';
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

/** A container to remove, as far as it is known. */
export interface ContainerCleanup {
  readonly id: string;
  readonly paths: BundlePaths;
  /** All possible ones when the real one is unknown. */
  readonly cgroups: readonly ContainerCgroup[];
  /** Its conmon, if it was started in this boot and is known. */
  readonly monitor?: ProcessIdentity | undefined;
  /**
   * True: let the monitor end by itself, as it does after its container when somebody waits for the exit. False: kill
   * it first, since it may be creating the container at this moment.
   */
  readonly awaitsMonitor: boolean;
  /** Name or path of the OCI runtime that created it; default `CleanupDeps.runtime`. */
  readonly runtime?: string | undefined;
  /**
   * True when the state of the OCI runtime was written in this boot. Pids in older state are meaningless and not
   * used.
   */
  readonly isOfThisBoot: boolean;
}

/** Host side of a clean-up. */
export interface CleanupDeps {
  /** Name or path of the OCI runtime. */
  readonly runtime: string;
  /** The runtime's state directory. */
  readonly runtimeRoot: string;
  readonly logger: Logger;
  readonly deadlines: CleanupDeadlines;
}

/** Time limits in milliseconds. */
export interface CleanupDeadlines {
  /** For one call of the OCI runtime; default 30,000. */
  readonly callMs: number;
  /** For processes to end after SIGKILL; default 10,000. */
  readonly killMs: number;
  /** For conmon to end after its container, before it is killed; default 3,000. */
  readonly monitorMs: number;
}

/**
 * Remove everything: first processes and cgroup, since only the cgroup knows all processes; then monitor, runtime
 * state and bundle. Idempotent; works without the OCI runtime too.
 *
 * @throws {OutboardError} system when processes or mounts cannot be removed; the rest is kept for another attempt
 */
export async function cleanUpContainer(cleanup: ContainerCleanup, deps: CleanupDeps): Promise<void> {
  const { monitor, awaitsMonitor } = cleanup;
  if (monitor !== undefined && !awaitsMonitor) await endMonitor(monitor, 0);
  for (const { path } of cleanup.cgroups) await removeCgroup(path, { timeoutMs: deps.deadlines.killMs });
  // Until conmon has reaped the first process, the OCI runtime takes it for running and waits.
  if (monitor !== undefined && awaitsMonitor) await endMonitor(monitor, deps.deadlines.monitorMs);
  await removeRuntimeState(cleanup, deps);
  for (const cgroup of cleanup.cgroups) {
    if (cgroup.driver === 'systemd') await endScope(cgroup.scope, { timeoutMs: deps.deadlines.callMs });
  }
  await removeTree(cleanup.paths.directory);
}

async function removeRuntimeState(cleanup: ContainerCleanup, deps: CleanupDeps): Promise<void> {
  const state = join(deps.runtimeRoot, cleanup.id);
  if (!(await exists(state))) return;
  if (cleanup.isOfThisBoot) {
    try {
      const runtime = await findBinary(cleanup.runtime ?? deps.runtime);
      const call = { runtime, root: deps.runtimeRoot, id: cleanup.id };
      await deleteContainer(call, { timeoutMs: deps.deadlines.callMs });
    } catch (error) {
      // The processes are gone, so only files can be left.
      deps.logger.warn({ err: error, id: cleanup.id }, 'the OCI runtime could not delete a container');
    }
  }
  if (await exists(state)) await removeTree(state);
}

/**
 * Wait for the monitor to end by itself, then kill its process group: conmon and the OCI runtime that it runs. The
 * container has a session of its own.
 */
async function endMonitor(monitor: ProcessIdentity, graceMs: number): Promise<void> {
  // No event: the monitor may not be a child of this process.
  const hasEnded = await pollUntil(() => !isSameProcess(monitor), { timeoutMs: graceMs });
  if (!hasEnded) await endProcessGroup(monitor.pid);
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
