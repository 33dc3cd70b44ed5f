/**
 * What a command that runs in a container has on the host: a directory in the bundle, for what the runtime reads and writes,
 * and a cgroup of the same name below the plugin's. The cgroup knows every process that the command started, so that none
 * is left when it is ended; the plugin's own limits hold for all of them.
 */
import { existsSync } from 'node:fs';
import { mkdir, readdir, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { OutboardError } from '@outboard/oci';
import { findCgroupDirectories, removeCgroup } from '../cgroup/cgroup-tree.ts';
import { isErrno } from '../linux/errno.ts';
import { createGeneration } from '../runtime/bundle.ts';

const prefix = 'exec-';
const removalTimeoutMs = 10_000;

/** The directory of a new command in a bundle; it is not made yet. */
export function newExecDirectory(bundle: string): string {
  return join(bundle, `${prefix}${createGeneration()}`);
}

/** The names of the commands that have a directory in a bundle. */
export async function listExecDirectories(bundle: string): Promise<readonly string[]> {
  try {
    return (await readdir(bundle)).filter((name) => name.startsWith(prefix));
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return [];
    throw error;
  }
}

/**
 * Make the cgroup of a command.
 * @param cgroupPath the plugin's, below the root of each hierarchy
 * @returns what the runtime is told by `exec --cgroup`
 * @throws {OutboardError} conflict when the plugin has none: it has ended
 * @see runc-exec(8)
 */
export async function createExecCgroup(cgroupPath: string, directory: string): Promise<string> {
  const name = basename(directory);
  const cgroups = await findCgroupDirectories(cgroupPath);
  // On v1 one hierarchy is enough to know them by; in the freezer a fork bomb can be held still while it is ended.
  const freezer = cgroups.find((cgroup) => existsSync(join(cgroup, 'freezer.state')));
  const parent = freezer ?? cgroups.find((cgroup) => existsSync(join(cgroup, 'cgroup.procs')));
  try {
    if (parent !== undefined) {
      await mkdir(join(parent, name));
      return freezer === undefined ? name : `freezer:${name}`;
    }
  } catch (error) {
    if (!isErrno(error, 'ENOENT', 'ENODEV')) throw error;
  }
  throw containerEndedError();
}

/** End every process of a command, and remove its cgroup and its directory. Idempotent. */
export async function removeExec(cgroupPath: string, directory: string): Promise<void> {
  await removeCgroup(join(cgroupPath, basename(directory)), { timeoutMs: removalTimeoutMs });
  await rm(directory, { recursive: true, force: true });
}

/** What whoever asked is told when the plugin ended meanwhile. */
export function containerEndedError(cause?: unknown): OutboardError {
  return new OutboardError('conflict', 'cannot run a command in a plugin that has ended', { cause });
}
