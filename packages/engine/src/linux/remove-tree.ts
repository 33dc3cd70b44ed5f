/**
 * Delete a directory tree that a plugin may have filled and mounted things in, without ever deleting across a mount.
 */
import { execFile } from 'node:child_process';
import { OutboardError } from '@outboard/oci';
import { mountsBelow, unmountBelow } from './mount-table.ts';

const maxMessageBytes = 1024;

/**
 * Unmount everything at a path and below it, look at the mount table again, and only then delete the tree.
 * An absent path is fine. Clean-up is not cancelled half-way: there is no signal.
 * Afterwards the parent directory is not flushed; the caller does so where it matters.
 * @throws {OutboardError} system when a mount stays (nothing is deleted then) or when the tree cannot be deleted
 */
export async function removeTree(path: string): Promise<void> {
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

/**
 * `rm` of coreutils: it works with directory handles, so links are not followed, and neither depth nor path length
 * is limited; as its own process it neither blocks the event loop nor takes a thread of the pool when a disk hangs.
 * `--one-file-system` holds against a mount that appears after the look at the table.
 */
function runRemove(path: string): Promise<void> {
  const options = { env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C' }, maxBuffer: 64 * 1024 };
  return new Promise((resolve, reject) => {
    execFile(
      'rm',
      ['--recursive', '--force', '--one-file-system', '--', path],
      options,
      (cause, _, stderr) => {
        if (cause === null) return resolve();
        const reason = stderr.trim().slice(0, maxMessageBytes) || cause.message.slice(0, maxMessageBytes);
        reject(new OutboardError('system', `cannot delete ${JSON.stringify(path)}: ${reason}`, { cause }));
      },
    );
  });
}
