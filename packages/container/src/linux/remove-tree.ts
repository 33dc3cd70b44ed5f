/**
 * Delete a directory tree that a plugin may have filled and mounted things in, without ever deleting across a mount.
 */
import { lstat } from 'node:fs/promises';
import { OutboardError } from '@outboard/oci';
import { errorCode } from './errno.ts';
import { findBinary } from './find-binary.ts';
import { mountsBelow } from './mount-table.ts';
import { runProgram } from './run-program.ts';
import { unmountBelow } from './unmount.ts';

const maxMessageBytes = 1024;
/** Many times what a million files take; whoever waits for it holds up what is to be done next to the same plugin. */
const timeoutMs = 600_000;

/**
 * Unmount everything at a path and below it, look at the mount table again, and only then delete the tree.
 * An absent path is fine. Clean-up is not cancelled half-way: there is no signal.
 * Afterwards the parent directory is not flushed; the caller does so where it matters.
 * @throws {OutboardError} system when a mount stays (nothing is deleted then) or when the tree cannot be deleted
 */
export async function removeTree(path: string): Promise<void> {
  // Most often so: every plugin's place of an upgrade is looked at when the engine opens.
  if (!(await isPresent(path))) return;
  await unmountBelow(path);
  const [left] = await mountsBelow(path);
  if (left !== undefined) {
    throw new OutboardError(
      'system',
      `cannot delete ${JSON.stringify(path)}: ${JSON.stringify(left.mountPoint)} is still mounted`,
    );
  }
  await runRemove(path);
}

async function isPresent(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return false;
    throw new OutboardError('system', `cannot delete ${JSON.stringify(path)}`, { cause: error });
  }
}

/**
 * `rm` of coreutils: it works with directory handles, so links are not followed, and neither depth nor path length
 * is limited; as its own process it neither blocks the event loop nor takes a thread of the pool when a disk hangs.
 * `--one-file-system` holds against a mount that appears after the look at the table.
 */
async function runRemove(path: string): Promise<void> {
  const args = ['--recursive', '--force', '--one-file-system', '--', path];
  const { code, stderr } = await runProgram(await findBinary('rm'), args, {
    env: { LC_ALL: 'C' },
    timeoutMs,
  });
  if (code === 0) return;
  const reason = stderr.trim().slice(0, maxMessageBytes) || `rm ended with code ${code}`;
  throw new OutboardError('system', `cannot delete ${JSON.stringify(path)}: ${reason}`);
}
