/**
 * The cgroup of a container: the one place that knows every process of it, however it forked. On cgroup v1 a
 * container has a directory in each hierarchy, on v2 one, on hybrid hosts both.
 * @see cgroups(7), Documentation/admin-guide/cgroup-v2.rst
 */
import { readdir, readFile, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { mapBounded } from '@outboard/async';
import { OutboardError } from '@outboard/oci';
import { isErrno } from '../linux/errno.ts';
import { readMountTable } from '../linux/mount-table.ts';
import { processState } from '../linux/process-identity.ts';

/** Bound on the directories below one cgroup that are looked at: a plugin may make as many as it likes. */
const maxDirectories = 10_000;

/**
 * The directories of a cgroup, in all hierarchies that have it.
 * @param cgroupPath absolute, below the root of each
 */
export async function findCgroupDirectories(cgroupPath: string): Promise<readonly string[]> {
  const hierarchies = (await readMountTable()).filter(({ fileSystem }) => /^cgroup2?$/.test(fileSystem));
  const mountPoints = new Set(hierarchies.map(({ mountPoint }) => mountPoint));
  const directories = [...mountPoints].map((mountPoint) => join(mountPoint, cgroupPath));
  const present = await Promise.all(directories.map((directory) => listDirectory(directory)));
  return directories.filter((_, index) => present[index] !== undefined);
}

/**
 * Kill every process of a cgroup and of those below it, until none is left, then remove the directories. Does nothing
 * when there is none. A process that forks while it is swept cannot escape: its children are in the cgroup too.
 *
 * @throws {OutboardError} system, naming pids and states, when processes outlive the deadline (uninterruptible sleep)
 */
export async function removeCgroup(
  cgroupPath: string,
  options: { readonly timeoutMs: number },
): Promise<void> {
  const deadline = AbortSignal.timeout(options.timeoutMs);
  let pauseMs = 1;
  // Emptiness has no event on cgroup v1, so this looks again, at growing distances.
  for (;;) {
    const trees = await Promise.all((await findCgroupDirectories(cgroupPath)).map(walk));
    const directories = trees.flat();
    if (directories.length === 0) return;
    const pids = await killProcesses(directories);
    // Deepest first: a cgroup with children cannot be removed. Hierarchies do not hold one another up.
    const removed = await Promise.all(trees.map((tree) => removeDirectories(tree.toReversed())));
    if (pids.length === 0 && removed.every(Boolean)) return;
    if (deadline.aborted) throw leftOver(cgroupPath, pids);
    await delay(pauseMs);
    pauseMs = Math.min(pauseMs * 2, 50);
  }
}

/** The processes of a cgroup and of those below it, in ascending order. */
export async function listProcesses(cgroupPath: string): Promise<readonly number[]> {
  const trees = await Promise.all((await findCgroupDirectories(cgroupPath)).map(walk));
  const pids = await mapBounded(trees.flat(), readPids);
  return [...new Set(pids.flat())].sort((left, right) => left - right);
}

async function killProcesses(directories: readonly string[]): Promise<readonly number[]> {
  const pids = new Set<number>();
  for (const directory of directories) {
    // Nothing forks while frozen, so that a fork bomb cannot outrun the sweep. Only v1's freezer has the file.
    const isFrozen = await writeOptional(join(directory, 'freezer.state'), 'FROZEN');
    // v2: one write kills all below at once.
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
  const text = (await readOptional(join(directory, 'cgroup.procs'))) ?? '';
  // A pid of 0 is a process of another pid namespace, which kill() would take for our own group.
  return text
    .split('\n')
    .map(Number)
    .filter((pid) => Number.isSafeInteger(pid) && pid > 1);
}

/** A directory and all below it, parents first. */
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
      // Busy while a killed process is still on its way out; new children may have come meanwhile.
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

/** @returns whether the file was there and took the value */
async function writeOptional(path: string, value: string): Promise<boolean> {
  try {
    // No O_CREAT: a hierarchy without this file is not to be asked for one.
    await writeFile(path, value, { flag: 'r+' });
    return true;
  } catch (error) {
    // Some kernels refuse these for some cgroups (EINVAL, EOPNOTSUPP, EBUSY); single kills do the work then.
    if (isGone(error) || isErrno(error, 'EINVAL', 'EOPNOTSUPP', 'EBUSY', 'EACCES')) return false;
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

/** The cgroup went away: ENODEV is what a read of a removed one's file gives. */
function isGone(error: unknown): boolean {
  return isErrno(error, 'ENOENT', 'ENODEV', 'ENOTDIR');
}
