/**
 * Directory and cgroup of a command in a container: the directory in the bundle holds files of the OCI runtime, the
 * cgroup of the same name is below the container's. The cgroup contains every process that the command starts, so
 * that none survives it; the limits of the container apply to all of them.
 */
import { existsSync } from 'node:fs';
import { mkdir, readdir, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { OutboardError } from '@outboard/oci';
import { findCgroupDirectories, removeCgroup } from '../cgroup/cgroup-tree.ts';
import { isErrno } from '../linux/errno.ts';
import { unmount, unmountFlags } from '../linux/mount.ts';
import { createGeneration } from '../runtime/bundle.ts';

const prefix = 'exec-';
const removalTimeoutMs = 10_000;
/** Directory below that of a command where its tools are mounted for a moment. */
export const toolsMountPoint = 'tools';

/** Path for the directory of a new command; it is not made yet. */
export function newExecDirectory(bundle: string): string {
  return join(bundle, `${prefix}${createGeneration()}`);
}

/** Names of the commands with a directory in a bundle. */
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
 * @param cgroupPath of the container, below the root of each hierarchy
 * @returns the argument for `exec --cgroup`
 * @throws {OutboardError} conflict when the container has ended
 * @see runc-exec(8)
 */
export async function createExecCgroup(cgroupPath: string, directory: string): Promise<string> {
  const name = basename(directory);
  const cgroups = await findCgroupDirectories(cgroupPath);
  // On v1 one hierarchy is enough to find the processes; in the freezer a fork bomb can be frozen while it is killed.
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

/** Kill every process of a command, and remove its cgroup and directory. Idempotent. */
export async function removeExec(cgroupPath: string, directory: string): Promise<void> {
  await removeCgroup(join(cgroupPath, basename(directory)), { timeoutMs: removalTimeoutMs });
  unmountTools(directory);
  await rm(directory, { recursive: true, force: true });
}

/** They stay mounted only when the daemon was killed while it opened them. */
function unmountTools(directory: string): void {
  try {
    unmount(Buffer.from(join(directory, toolsMountPoint)), unmountFlags.detach | unmountFlags.noFollow);
  } catch (error) {
    if (!isErrno(error, 'EINVAL', 'ENOENT')) throw error;
  }
}

/** Error for a command in a container that has ended. */
export function containerEndedError(cause?: unknown): OutboardError {
  return new OutboardError('conflict', 'cannot run a command in a container that has ended', { cause });
}
