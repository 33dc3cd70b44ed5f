/**
 * Deletes a directory tree that a container may have filled and mounted file systems in, without deleting across a
 * mount.
 */
import { closeSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { OutboardError } from '@outboard/oci';
import { findBinary } from './find-binary.ts';
import { openBelow } from './open-entry.ts';
import { runProgram } from './run-program.ts';
import { unmountBelow } from './unmount.ts';

const maxMessageBytes = 1024;
/** Many times the duration for a million files; until then later operations on the same container wait. */
const timeoutMs = 600_000;

/**
 * Unmount everything at a path and below it, until the mount table shows nothing left, and only then delete the tree. An
 * absent path is fine. There is no signal: a clean-up is not cancelled half-way. The parent directory is not flushed; the
 * caller does so where it matters.
 * @throws {OutboardError} system when a mount stays (nothing is deleted then) or when the tree cannot be deleted
 */
export async function removeTree(path: string): Promise<void> {
  // The usual case: the engine checks many paths that are absent when it opens.
  if (!isPresent(path)) return;
  // The last table that this reads has no mount there, so it is not read once more.
  const [rm] = await Promise.all([findBinary('rm'), unmountBelow(path)]);
  try {
    await runRemove(rm, path);
  } catch (error) {
    if (!(await clearImmutable(path))) throw error;
    await runRemove(rm, path);
  }
}

/**
 * Clear the immutable flags of directories and files, which a plugin with CAP_LINUX_IMMUTABLE can set. chattr(1) follows no
 * link. @returns false on a machine without the program
 */
async function clearImmutable(path: string): Promise<boolean> {
  try {
    // It fails for entries without flags, such as links; `rm` tells whether it helped.
    await runProgram(await findBinary('chattr'), ['-R', '-f', '-i', path], { timeoutMs });
    return true;
  } catch {
    return false;
  }
}

/** A mount at the path is not entered: its file system may never answer. */
function isPresent(path: string): boolean {
  try {
    const found = openBelow(dirname(path), basename(path));
    if (typeof found === 'number') closeSync(found);
    return found !== 'absent';
  } catch (error) {
    throw new OutboardError('system', `cannot delete ${JSON.stringify(path)}`, { cause: error });
  }
}

/**
 * `rm` of coreutils works with directory handles: it follows no link and has no limit of depth or path length. As a
 * process of its own it blocks neither the event loop nor a thread of the pool when a disk hangs. `--one-file-system`
 * protects a mount that appears after the mount table was read.
 */
async function runRemove(rm: string, path: string): Promise<void> {
  const args = ['--recursive', '--force', '--one-file-system', '--', path];
  const { code, stderr } = await runProgram(rm, args, {
    env: { LC_ALL: 'C' },
    timeoutMs,
  });
  if (code === 0) return;
  const reason = stderr.trim().slice(0, maxMessageBytes) || `rm ended with code ${code}`;
  throw new OutboardError('system', `cannot delete ${JSON.stringify(path)}: ${reason}`);
}
