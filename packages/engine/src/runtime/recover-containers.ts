/**
 * Finds the containers that an earlier process left below the exec root, and tells those that verifiably still run
 * from everything else.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { isPluginId } from '../store/plugin-layout.ts';
import {
  type BundlePaths,
  bundlePaths,
  exitDirectory,
  type RunRecord,
  readCgroup,
  readRunRecord,
} from './bundle.ts';
import { possibleCgroups, requireCgroup } from './cgroup-driver.ts';
import type { ContainerExit, EndedContainer } from './container.ts';
import { readExit } from './container-exit.ts';
import { readLogTail } from './container-log.ts';
import { type RemovalHost, removeRemains } from './container-remains.ts';
import { isErrno } from './errno.ts';
import { identifyProcess, isSameProcess, type ProcessIdentity } from './process-identity.ts';

/** What recovery looks at. */
export interface RecoveryOptions {
  /** The folder of the bundles. */
  readonly bundles: string;
  /** Of the running kernel. */
  readonly bootId: string;
  readonly host: RemovalHost;
  /** Containers that this process already holds; they are left alone. */
  readonly isHeld: (id: string) => boolean;
}

/** What was found. */
export interface FoundContainers {
  /** The records of those that run. */
  readonly running: readonly RunRecord[];
  readonly ended: readonly EndedContainer[];
}

/**
 * Look through bundles, runtime state and monitors. One that cannot be read counts as ended: its removal tells why.
 */
export async function recoverContainers(options: RecoveryOptions): Promise<FoundContainers> {
  const monitors = findMonitors(options.bundles);
  const ids = new Set([
    ...(await listIds(options.bundles)),
    ...(await listIds(options.host.runtimeRoot)),
    ...monitors.keys(),
  ]);
  const left = [...ids].filter((id) => !options.isHeld(id));
  const found = await Promise.all(left.map((id) => lookAt(id, monitors.get(id), options)));
  return {
    running: found.flatMap((container) => ('remove' in container ? [] : [container])),
    ended: found.flatMap((container) => ('remove' in container ? [container] : [])),
  };
}

async function lookAt(
  id: string,
  monitor: ProcessIdentity | undefined,
  options: RecoveryOptions,
): Promise<RunRecord | EndedContainer> {
  const paths = bundlePaths(join(options.bundles, id));
  const record = await attempt(id, options, async () => {
    const read = await readRunRecord(paths);
    return read?.id === id ? read : undefined;
  });
  if (record !== undefined && isRunning(record, options.bootId)) return record;
  const isOfThisBoot = record === undefined || record.bootId === options.bootId;
  const run = isOfThisBoot ? record : undefined;
  const exit = run && (await attempt(id, options, () => readLastExit(run, paths)));
  return {
    id,
    restarts: run?.restarts ?? 0,
    ...(exit && { exit }),
    readLogTail: (lines) => readLogTail(paths.log, lines, run?.logStart),
    async remove() {
      const cgroup = record === undefined ? await readCgroup(paths) : requireCgroup(record.cgroupsPath);
      const cgroups = cgroup === undefined ? possibleCgroups(id) : [cgroup];
      const remains = { id, paths, cgroups, isOfThisBoot, awaitsMonitor: false };
      await removeRemains({ ...remains, ...(monitor && { monitor }) }, options.host);
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
  const { id, cgroupsPath, generation } = record;
  const outOfMemoryMark = paths.outOfMemory;
  const cgroupPath = requireCgroup(cgroupsPath).path;
  const exit = await readExit(exitDirectory(paths, generation), { id, outOfMemoryMark, cgroupPath });
  return exit ?? { outOfMemory: false };
}

/** A pid is reused, within one boot and even more so after the next: only all three together prove it. */
function isRunning(record: RunRecord, bootId: string): boolean {
  return record.bootId === bootId && isSameProcess(record.container) && isSameProcess(record.monitor);
}

/** systemd-run becomes conmon once it has a scope for it. */
const monitorPrograms: ReadonlySet<string> = new Set(['conmon', 'systemd-run']);

/**
 * The conmon processes that hold a bundle of this exec root, by container ID. Found by their command lines, so that
 * one whose record was never written is found too. Synchronous on purpose, as all that the kernel answers from memory:
 * there may be thousands of processes, and the daemon answers nobody before it knows them.
 */
function findMonitors(bundles: string): ReadonlyMap<string, ProcessIdentity> {
  const found = new Map<string, ProcessIdentity>();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    // The command line of an arbitrary process can block its reader; conmon's does not.
    if (!monitorPrograms.has(readProc(name, 'comm')?.trim() ?? '')) continue;
    const args = (readProc(name, 'cmdline') ?? '').split('\0');
    const bundle = args[args.indexOf('--bundle') + 1] ?? '';
    const id = bundle.slice(bundles.length + 1);
    const identity = identifyProcess(Number(name));
    if (bundle === join(bundles, id) && isPluginId(id) && identity !== undefined) found.set(id, identity);
  }
  return found;
}

function readProc(pid: string, file: string): string | undefined {
  try {
    return readFileSync(join('/proc', pid, file), 'utf8');
  } catch (error) {
    // It has ended meanwhile.
    if (isErrno(error, 'ENOENT', 'ESRCH')) return undefined;
    throw error;
  }
}

async function listIds(folder: string): Promise<readonly string[]> {
  return (await readdir(folder)).filter(isPluginId);
}
