/**
 * Copies a directory tree with everything that a file system keeps of it.
 */
import { isAbsolute } from 'node:path';
import type { Cancellable } from '@outboard/async';
import { OutboardError } from '@outboard/oci';
import { findBinary } from './find-binary.ts';
import { runProgram } from './run-program.ts';

/**
 * Copy a tree as `cp --archive` of coreutils does: owners, modes, times, extended attributes, hard links, holes. No link is
 * followed, no other file system is entered, and a disk that hangs blocks no thread of this process. The copy is not
 * flushed.
 * @param from absolute path of a directory, which is not a link itself
 * @param to absolute path, at which there is nothing yet
 * @throws {OutboardError} system; the signal's reason. What was copied is left for the caller to delete.
 */
export async function copyTree(from: string, to: string, { signal }: Cancellable = {}): Promise<void> {
  if (!isAbsolute(from) || !isAbsolute(to)) throw new TypeError('paths of a copy are absolute');
  const flags = ['--archive', '--one-file-system', '--no-target-directory', '--reflink=auto'];
  const args = [...flags, '--', from, to];
  const { code, stderr } = await runProgram(await findBinary('cp'), args, { signal });
  if (code === 0) return;
  const isFull = /No space left on device|Disk quota exceeded/.test(stderr);
  const reason = stderr.trim().slice(0, 1024) || `cp ended with code ${code}`;
  throw new OutboardError('system', `cannot copy ${JSON.stringify(from)}: ${reason}`, {
    ...(isFull && { code: 'no-space' }),
  });
}
