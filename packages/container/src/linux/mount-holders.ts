/**
 * Finds the mount namespaces, such as those of containers, that have a mount of a file system. A bind in a container is seen
 * nowhere else, and keeps its file system alive.
 */
import { readdir, readlink } from 'node:fs/promises';
import { mapBounded } from '@outboard/async';
import { isErrno } from './errno.ts';
import { type MountEntry, readMountTable } from './mount-table.ts';

/** A mount of the file system in another mount namespace than that of this process. */
export interface MountHolder {
  /** A process of the namespace, the one with the lowest pid. */
  readonly pid: number;
  /** As that process sees it, as bytes in `latin1`. */
  readonly mountPoint: string;
  /** True if mounts on the host can propagate to it. */
  readonly isReachable: boolean;
  /** True if another mount covers it. */
  readonly isCovered: boolean;
}

/**
 * Find the mounts of a device in all other mount namespaces. Namespaces without a process are not found, nor processes that end
 * meanwhile.
 * @param device such as `0:54`
 */
export async function findMountHolders(device: string): Promise<readonly MountHolder[]> {
  const own = await namespaceOf('self');
  const pids = new Map<string, number>();
  const processes = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  const namespaces = await mapBounded(processes, async (pid) => ({ pid, namespace: await namespaceOf(pid) }));
  for (const { pid, namespace } of namespaces.toSorted((a, b) => a.pid - b.pid)) {
    if (namespace !== undefined && namespace !== own && !pids.has(namespace)) pids.set(namespace, pid);
  }
  const found = await mapBounded([...pids.values()], (pid) => holdersIn(pid, device));
  return found.flat();
}

async function holdersIn(pid: number, device: string): Promise<readonly MountHolder[]> {
  const table = await unlessGone(() => readMountTable(pid));
  return (table ?? [])
    .filter((entry) => entry.device === device)
    .map((entry) => ({
      pid,
      mountPoint: entry.mountPoint,
      isReachable: entry.propagation.some((field) => /^(?:master|shared):/.test(field)),
      isCovered: table?.some((other) => covers(other, entry)) === true,
    }));
}

function covers(other: MountEntry, entry: MountEntry): boolean {
  return other.parentId === entry.id && other.mountPoint === entry.mountPoint;
}

function namespaceOf(pid: number | 'self'): Promise<string | undefined> {
  return unlessGone(() => readlink(`/proc/${pid}/ns/mnt`));
}

async function unlessGone<Result>(read: () => Promise<Result>): Promise<Result | undefined> {
  try {
    return await read();
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ESRCH', 'EINVAL', 'EACCES', 'EPERM')) return undefined;
    throw error;
  }
}
