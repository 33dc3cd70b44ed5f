/**
 * Finds the containers that an earlier process left below the exec root, and tells those that verifiably still run
 * from everything else.
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

/** What recovery looks at. */
export interface RecoveryOptions {
  /** The directory of the bundles. */
  readonly bundles: string;
  /** Of the running kernel. */
  readonly bootId: string;
  readonly host: CleanupDeps;
  /** Containers that this process already holds; they are left alone. */
  readonly isHeld: (id: string) => boolean;
}

/** What was found. */
export interface FoundContainers {
  /** IDs of those of which nobody can tell whether they run: the file that tells cannot be read. */
  readonly unread: readonly string[];
  /** The records of those that run. */
  readonly running: readonly RunRecord[];
  readonly ended: readonly EndedContainer[];
}

/**
 * Look through bundles, runtime state and monitors. One whose run record is absent or damaged counts as ended: its
 * removal tells why. One whose run record cannot be read may well be running.
 */
export async function recoverContainers(options: RecoveryOptions): Promise<FoundContainers> {
  const monitors = await findMonitors(options.bundles);
  const ids = new Set([
    ...(await listIds(options.bundles)),
    ...(await listIds(options.host.runtimeRoot)),
    ...monitors.keys(),
  ]);
  const left = [...ids].filter((id) => !options.isHeld(id));
  const found = await mapBounded(left, (id) => lookAt(id, monitors.get(id), options));
  return {
    unread: found.flatMap((container) => ('unread' in container ? [container.unread] : [])),
    running: found.flatMap((container) => ('monitor' in container ? [container] : [])),
    ended: found.flatMap((container) => ('remove' in container ? [container] : [])),
  };
}

async function lookAt(
  id: string,
  monitor: ProcessIdentity | undefined,
  options: RecoveryOptions,
): Promise<RunRecord | EndedContainer | { readonly unread: string }> {
  const paths = bundlePaths(join(options.bundles, id));
  // A failure is tried again once: most pass, such as a want of descriptors.
  const read = () => readRunRecord(paths);
  const found = await attempt(id, options, async () => ({ record: await read().catch(read) }));
  if (found === undefined) return { unread: id };
  const record = found.record?.id === id ? found.record : undefined;
  if (record !== undefined && isRunning(record, options.bootId)) return record;
  if (record === undefined && monitor !== undefined) {
    options.host.logger.warn({ id }, 'a container has lost its bundle, and is ended: someone deleted it');
  }
  const isOfThisBoot = record === undefined || record.bootId === options.bootId;
  const run = isOfThisBoot ? record : undefined;
  const exit = run && (await attempt(id, options, () => readLastExit(run, paths)));
  return {
    id,
    restarts: run?.restarts ?? 0,
    outOfMemoryKills: run === undefined ? 0 : run.earlierKills + run.toldKills + Number(exit?.outOfMemory),
    ...(exit && { exit }),
    readLogTail: (lines) => readLogTail(paths.log, lines, run?.logStart),
    async remove() {
      const cgroup = record === undefined ? await readCgroup(paths) : requireCgroup(record.cgroupsPath);
      const cgroups = cgroup === undefined ? possibleCgroups(id) : [cgroup];
      const remains = { id, paths, cgroups, isOfThisBoot, awaitsMonitor: false };
      const runtime = record?.runtime;
      await cleanUpContainer(
        { ...remains, ...(monitor && { monitor }), ...(runtime !== undefined && { runtime }) },
        options.host,
      );
      options.host.logger.info({ id }, 'removed what an earlier run left of a container');
    },
  };
}

/** What cannot be read of one container is not known; it concerns no other. */
async function attempt<Value>(
  id: string,
  { host }: RecoveryOptions,
  read: () => Promise<Value>,
): Promise<Value | undefined> {
  try {
    return await read();
  } catch (error) {
    host.logger.error({ err: error, id }, 'cannot read what an earlier run left of a container');
    return undefined;
  }
}

/** An exit that nobody wrote down is one of which nothing is known. */
async function readLastExit(record: RunRecord, paths: BundlePaths): Promise<ContainerExit> {
  const { id, cgroupsPath, generation, toldKills } = record;
  const cgroupPath = requireCgroup(cgroupsPath).path;
  const exit = await readExit(exitDirectory(paths, generation), { id, paths, cgroupPath, toldKills });
  return exit ?? { outOfMemory: false };
}

/** A pid is reused, within one boot and even more so after the next: only all three together prove it. */
function isRunning(record: RunRecord, bootId: string): boolean {
  return record.bootId === bootId && isSameProcess(record.container) && isSameProcess(record.monitor);
}

async function listIds(directory: string): Promise<readonly string[]> {
  return (await readdir(directory)).filter(isContainerId);
}
