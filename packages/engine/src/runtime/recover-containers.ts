/**
 * Finds the containers that an earlier process left below the exec root: those that verifiably still run are handed
 * on, everything else is removed.
 */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isPluginId } from '../store/plugin-layout.ts';
import { bundlePaths, type RunRecord, readCgroupsPath, readRunRecord } from './bundle.ts';
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

/** How many containers are removed at a time; each removal runs a few short programs. */
const maxParallelRemovals = 4;

/**
 * Look through bundles, runtime state and monitors. One that cannot be removed is logged and concerns no other.
 * @returns the records of those that run
 */
export async function recoverContainers(options: RecoveryOptions): Promise<readonly RunRecord[]> {
  const monitors = await findMonitors(options.bundles);
  const ids = new Set([
    ...(await listIds(options.bundles)),
    ...(await listIds(options.host.runtimeRoot)),
    ...monitors.keys(),
  ]);
  const alive: RunRecord[] = [];
  const queue = [...ids].filter((id) => !options.isHeld(id));
  const work = async (): Promise<void> => {
    for (let id = queue.pop(); id !== undefined; id = queue.pop()) {
      const record = await takeBackOrRemove(id, monitors.get(id), options);
      if (record !== undefined) alive.push(record);
    }
  };
  await Promise.all(Array.from({ length: maxParallelRemovals }, work));
  return alive;
}

async function takeBackOrRemove(
  id: string,
  monitor: ProcessIdentity | undefined,
  options: RecoveryOptions,
): Promise<RunRecord | undefined> {
  const paths = bundlePaths(join(options.bundles, id));
  try {
    const record = await readRunRecord(paths);
    if (record?.id === id && isRunning(record, options.bootId)) return record;
    const cgroupsPath = record?.cgroupsPath ?? (await readCgroupsPath(paths)) ?? defaultCgroupsPath(id);
    const isOfThisBoot = record === undefined || record.bootId === options.bootId;
    const remains = {
      id,
      paths,
      cgroupsPath,
      isOfThisBoot,
      awaitsMonitor: false,
      ...(monitor && { monitor }),
    };
    await removeRemains(remains, options.host);
    options.host.logger.info({ id }, 'removed what an earlier run left of a container');
  } catch (error) {
    options.host.logger.error({ err: error, id }, 'cannot remove what an earlier run left of a container');
  }
  return undefined;
}

/** A pid is reused, within one boot and even more so after the next: only all three together prove it. */
function isRunning(record: RunRecord, bootId: string): boolean {
  return record.bootId === bootId && isSameProcess(record.container) && isSameProcess(record.monitor);
}

/** Where a container's cgroup is unless its spec says otherwise. It has no parent, which nobody could remove safely. */
export function defaultCgroupsPath(id: string): string {
  return `/outboard-${id}`;
}

/**
 * The conmon processes that hold a bundle of this exec root, by container ID. Found by their command lines, so that
 * one whose record was never written is found too.
 */
async function findMonitors(bundles: string): Promise<ReadonlyMap<string, ProcessIdentity>> {
  const found = new Map<string, ProcessIdentity>();
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    // The command line of an arbitrary process can block its reader; conmon's does not.
    if ((await readProc(name, 'comm'))?.trim() !== 'conmon') continue;
    const args = ((await readProc(name, 'cmdline')) ?? '').split('\0');
    const bundle = args[args.indexOf('--bundle') + 1] ?? '';
    const id = bundle.slice(bundles.length + 1);
    const identity = identifyProcess(Number(name));
    if (bundle === join(bundles, id) && isPluginId(id) && identity !== undefined) found.set(id, identity);
  }
  return found;
}

async function readProc(pid: string, file: string): Promise<string | undefined> {
  try {
    return await readFile(join('/proc', pid, file), 'utf8');
  } catch (error) {
    // It has ended meanwhile.
    if (isErrno(error, 'ENOENT', 'ESRCH')) return undefined;
    throw error;
  }
}

async function listIds(folder: string): Promise<readonly string[]> {
  return (await readdir(folder)).filter(isPluginId);
}
