/**
 * The cgroup tree of a container, which contains every process of it, however it forked. On cgroup v1 a container has
 * a directory in each hierarchy, on v2 one, on hybrid hosts both.
 * @see cgroups(7), Documentation/admin-guide/cgroup-v2.rst
 */
import { readdir, readFile, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { mapBounded, pollUntil } from '@outboard/async';
import { OutboardError } from '@outboard/oci';
import { isErrno } from '../linux/errno.ts';
import { processState } from '../linux/process-identity.ts';
import { findCgroupMounts } from './cgroup-mounts.ts';

/** Names of EOPNOTSUPP: Node.js has the second one for it. */
const notSupported = ['EOPNOTSUPP', 'ENOTSUP'];

/** Upper bound for the directories below one cgroup that are visited: a container may create as many as it likes. */
const maxDirectories = 10_000;

/**
 * Find the directories of a cgroup, in all hierarchies that have it.
 * @param cgroupPath absolute, below the root of each hierarchy
 */
export async function findCgroupDirectories(cgroupPath: string): Promise<readonly string[]> {
  const mountPoints = (await findCgroupMounts()).map(({ mountPoint }) => mountPoint);
  const directories = mountPoints.map((mountPoint) => join(mountPoint, cgroupPath));
  const present = await Promise.all(directories.map((directory) => listDirectory(directory)));
  return directories.filter((_, index) => present[index] !== undefined);
}

/**
 * Kill every process of a cgroup and its descendants, until none is left, then remove the directories. Does nothing
 * when there is no such cgroup. A process cannot escape by forking: its children are in the cgroup too.
 *
 * @throws {OutboardError} system, naming pids and states, when processes outlive the deadline (uninterruptible sleep)
 */
export async function removeCgroup(
  cgroupPath: string,
  options: { readonly timeoutMs: number },
): Promise<void> {
  let pids: readonly number[] = [];
  // Polling: cgroup v1 has no event for an empty cgroup.
  const isRemoved = await pollUntil(async () => {
    const trees = await Promise.all((await findCgroupDirectories(cgroupPath)).map(walk));
    const directories = trees.flat();
    if (directories.length === 0) return true;
    pids = await killProcesses(directories);
    // Deepest first: a cgroup with children cannot be removed. Hierarchies are removed in parallel.
    const removed = await Promise.all(trees.map((tree) => removeDirectories(tree.toReversed())));
    return pids.length === 0 && removed.every(Boolean);
  }, options);
  if (!isRemoved) throw leftOver(cgroupPath, pids);
}

/** Pids of a cgroup and its descendants, in ascending order. */
export async function listProcesses(cgroupPath: string): Promise<readonly number[]> {
  const trees = await Promise.all((await findCgroupDirectories(cgroupPath)).map(walk));
  const pids = await mapBounded(trees.flat(), readPids);
  return [...new Set(pids.flat())].sort((left, right) => left - right);
}

async function killProcesses(directories: readonly string[]): Promise<readonly number[]> {
  const pids = new Set<number>();
  for (const directory of directories) {
    // Frozen processes cannot fork, so that a fork bomb cannot outrun the kill. Only v1's freezer has the file.
    const isFrozen = await writeOptional(join(directory, 'freezer.state'), 'FROZEN');
    // v2: one write kills the whole subtree.
    await writeOptional(join(directory, 'cgroup.kill'), '1');
    for (const pid of await readPids(directory)) {
      pids.add(pid);
      killPid(pid);
    }
    if (isFrozen) await writeOptional(join(directory, 'freezer.state'), 'THAWED');
  }
  return [...pids];
}

function killPid(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if (!isErrno(error, 'ESRCH')) throw error;
  }
}

async function readPids(directory: string): Promise<readonly number[]> {
  try {
    return parsePids(await readOptional(join(directory, 'cgroup.procs')));
  } catch (error) {
    // v2, a threaded cgroup, or one below it: the kernel tells the threads only.
    if (!isErrno(error, ...notSupported)) throw error;
    const threads = parsePids(await readOptional(join(directory, 'cgroup.threads')));
    const pids = await mapBounded(threads, readProcessOfThread);
    return [...new Set(pids.filter((pid) => pid !== undefined))];
  }
}

/** Pid 0 denotes a process of another pid namespace, and kill(0) would signal our own process group. */
function parsePids(text = ''): readonly number[] {
  return text
    .split('\n')
    .map(Number)
    .filter((pid) => Number.isSafeInteger(pid) && pid > 1);
}

async function readProcessOfThread(thread: number): Promise<number | undefined> {
  const status = (await readOptional(`/proc/${thread}/status`)) ?? '';
  return parsePids(/^Tgid:\s*(\d+)$/m.exec(status)?.[1])[0];
}

/** List a directory and all its descendants, parents first. */
async function walk(root: string): Promise<readonly string[]> {
  const found: string[] = [];
  const open = [root];
  for (
    let directory = open.pop();
    directory !== undefined && found.length < maxDirectories;
    directory = open.pop()
  ) {
    const children = await listDirectory(directory);
    if (children === undefined) continue;
    found.push(directory);
    open.push(...children);
  }
  return found;
}

async function listDirectory(directory: string): Promise<readonly string[] | undefined> {
  try {
    const entries = await readdir(directory, { withFileTypes: true });
    return entries.filter((entry) => entry.isDirectory()).map((entry) => join(directory, entry.name));
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
}

async function removeDirectories(deepestFirst: readonly string[]): Promise<boolean> {
  let isDone = true;
  for (const directory of deepestFirst) {
    try {
      await rmdir(directory);
    } catch (error) {
      if (isGone(error)) continue;
      // Busy while a killed process is exiting; new children may have appeared.
      if (!isErrno(error, 'EBUSY', 'ENOTEMPTY')) throw error;
      isDone = false;
    }
  }
  return isDone;
}

async function readOptional(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
}

/** Write a control file. @returns whether the file exists and accepted the value */
async function writeOptional(path: string, value: string): Promise<boolean> {
  try {
    // No O_CREAT: a hierarchy without this file must not be asked to create it.
    await writeFile(path, value, { flag: 'r+' });
    return true;
  } catch (error) {
    // Some kernels reject these writes for some cgroups, such as a threaded one (EOPNOTSUPP); killing each process is
    // enough then.
    if (isGone(error) || isErrno(error, 'EINVAL', ...notSupported, 'EBUSY', 'EACCES')) return false;
    throw error;
  }
}

function leftOver(cgroupPath: string, pids: readonly number[]): OutboardError {
  const shown = pids.slice(0, 10).map((pid) => `${pid} (state ${processState(pid) ?? 'gone'})`);
  const processes = shown.length === 0 ? 'it stays busy' : `processes do not end: ${shown.join(', ')}`;
  return new OutboardError('system', `cannot remove cgroup "${cgroupPath}": ${processes}`, {
    details: { cgroupPath, pids: pids.slice(0, 100) },
  });
}

/** True for the errors of a removed cgroup, where reading a file gives ENODEV, and of a process that ended (ESRCH). */
function isGone(error: unknown): boolean {
  return isErrno(error, 'ENOENT', 'ENODEV', 'ENOTDIR', 'ESRCH');
}
