/**
 * Finds the containers of an earlier process below the exec root, and verifies which of them still run.
 */

import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { mapBounded } from '@outboard/async';
import { possibleCgroups, requireCgroup } from '../cgroup/cgroup-driver.ts';
import { isSameProcess, type ProcessIdentity } from '../linux/process-identity.ts';
import { readLogTail } from '../logs/log-tail.ts';
import { isContainerId } from '../spec/container-id.ts';
import {
  type BundlePaths,
  bundlePaths,
  exitDirectory,
  type RunRecord,
  readCgroup,
  readRunRecord,
} from './bundle.ts';
import { type CleanupDeps, cleanUpContainer } from './container-cleanup.ts';
import { readExit } from './container-exit.ts';
import type { ContainerExit, EndedContainer } from './container-runtime.ts';
import { findMonitors } from './find-monitors.ts';

/** Parts and paths that recovery needs. */
export interface RecoveryDeps {
  /** The directory of the bundles. */
  readonly bundles: string;
  /** Boot ID of the running kernel. */
  readonly bootId: string;
  readonly cleanupDeps: CleanupDeps;
  /** True for containers that this process already has; they are skipped. */
  readonly isKnown: (id: string) => boolean;
}

/** Result of a recovery. */
export interface FoundContainers {
  /** IDs of containers whose run record cannot be read. */
  readonly unread: readonly string[];
  /** Run records of the containers that run. */
  readonly running: readonly RunRecord[];
  readonly ended: readonly EndedContainer[];
}

/**
 * Search bundles, runtime state and monitors. A container whose run record is absent or damaged counts as ended,
 * since it never started or cannot be verified. A container whose record cannot be read may well be running.
 */
export async function recoverContainers(deps: RecoveryDeps): Promise<FoundContainers> {
  const monitors = await findMonitors(deps.bundles);
  const ids = new Set([
    ...(await listIds(deps.bundles)),
    ...(await listIds(deps.cleanupDeps.runtimeRoot)),
    ...monitors.keys(),
  ]);
  const left = [...ids].filter((id) => !deps.isKnown(id));
  const found = await mapBounded(left, (id) => examine(id, monitors.get(id), deps));
  return {
    unread: found.flatMap((container) => ('unread' in container ? [container.unread] : [])),
    running: found.flatMap((container) => ('monitor' in container ? [container] : [])),
    ended: found.flatMap((container) => ('remove' in container ? [container] : [])),
  };
}

async function examine(
  id: string,
  monitor: ProcessIdentity | undefined,
  deps: RecoveryDeps,
): Promise<RunRecord | EndedContainer | { readonly unread: string }> {
  const paths = bundlePaths(join(deps.bundles, id));
  // Retried once: most read errors are transient, such as a lack of descriptors.
  const read = () => readRunRecord(paths);
  const found = await attempt(id, deps, async () => ({ record: await read().catch(read) }));
  if (found === undefined) return { unread: id };
  const record = found.record?.id === id ? found.record : undefined;
  if (record !== undefined && isRunning(record, deps.bootId)) return record;
  if (record === undefined && monitor !== undefined) {
    deps.cleanupDeps.logger.warn({ id }, 'a container has lost its bundle, and is ended: someone deleted it');
  }
  const isOfThisBoot = record === undefined || record.bootId === deps.bootId;
  const run = isOfThisBoot ? record : undefined;
  const exit = run && (await attempt(id, deps, () => readLastExit(run, paths)));
  return {
    id,
    label: run?.label,
    restarts: run?.restarts ?? 0,
    outOfMemoryKills: run === undefined ? 0 : run.earlierKills + run.toldKills + Number(exit?.outOfMemory),
    exit,
    readLogTail: (lines) => readLogTail(paths.log, lines, run?.logStart),
    async remove() {
      const cgroup = record === undefined ? await readCgroup(paths) : requireCgroup(record.cgroupsPath);
      const cgroups = cgroup === undefined ? possibleCgroups(id) : [cgroup];
      const cleanup = { id, paths, cgroups, monitor, isOfThisBoot, awaitsMonitor: false };
      await cleanUpContainer({ ...cleanup, runtime: record?.runtime }, deps.cleanupDeps);
      deps.cleanupDeps.logger.info({ id }, 'removed what an earlier run left of a container');
    },
  };
}

/** A read error of one container is logged and does not affect the others. */
async function attempt<Value>(
  id: string,
  { cleanupDeps }: RecoveryDeps,
  read: () => Promise<Value>,
): Promise<Value | undefined> {
  try {
    return await read();
  } catch (error) {
    cleanupDeps.logger.error({ err: error, id }, 'cannot read what an earlier run left of a container');
    return undefined;
  }
}

/** Without an exit file, code and signal are unknown. */
async function readLastExit(record: RunRecord, paths: BundlePaths): Promise<ContainerExit> {
  const { id, cgroupsPath, generation, toldKills } = record;
  const cgroupPath = requireCgroup(cgroupsPath).path;
  const exit = await readExit(exitDirectory(paths, generation), { id, paths, cgroupPath, toldKills });
  return exit ?? { outOfMemory: false };
}

/** Pids are reused, within one boot and after it: only pid, start time and boot ID together identify a process. */
function isRunning(record: RunRecord, bootId: string): boolean {
  return record.bootId === bootId && isSameProcess(record.container) && isSameProcess(record.monitor);
}

async function listIds(directory: string): Promise<readonly string[]> {
  return (await readdir(directory)).filter(isContainerId);
}
