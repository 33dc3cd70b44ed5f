/**
 * Changes of files that survive a power cut: temporary file, fsync, rename, fsync of the folder.
 * A failed fsync is final: the kernel forgets what it could not write, so nothing is tried twice.
 */
import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { type MakeDirectoriesOptions, makeDirectories } from './make-directories.ts';
import { onStorage, storageError } from './storage-error.ts';

const unfinishedPattern = /^\..+\.[0-9a-f]{16}\.unfinished$/;

/** Whether a file name is that of a write which a crash cut off; start-up removes such files. */
export function isUnfinishedWrite(name: string): boolean {
  return unfinishedPattern.test(name);
}

/**
 * Replace a file in one step: after a crash at any instant it holds the old bytes or the new ones.
 * When this resolves the new ones are on disk. The folder must exist.
 * @param options.mode permission bits of the new file, whatever the umask
 * @throws {OutboardError} system, with code `no-space` on a full disk; the old file is untouched then
 */
export async function writeFileDurably(
  path: string,
  bytes: Uint8Array | string,
  options: { readonly mode: number },
): Promise<void> {
  const directory = dirname(path);
  const temporary = join(directory, `.${basename(path)}.${randomBytes(8).toString('hex')}.unfinished`);
  try {
    await writeNewFile(temporary, bytes, options.mode);
    await rename(temporary, path);
  } catch (cause) {
    await rm(temporary, { force: true });
    throw storageError('write file', path, cause);
  }
  await syncDirectory(directory);
}

async function writeNewFile(path: string, bytes: Uint8Array | string, mode: number): Promise<void> {
  await using handle = await open(path, 'wx', mode);
  await handle.chmod(mode); // the umask took bits away
  await handle.writeFile(bytes);
  await handle.sync();
}

/**
 * Flush a folder: names that were created, renamed or removed in it survive a power cut from here on.
 * @throws {OutboardError} system
 */
export async function syncDirectory(path: string): Promise<void> {
  await onStorage('flush folder', path, async () => {
    await using handle = await open(path, constants.O_RDONLY | constants.O_DIRECTORY);
    await handle.sync();
  });
}

/**
 * Create a folder and the parents it lacks, and flush each new name. A folder that exists keeps its mode.
 * @param options.mode permission bits of new folders, as the umask leaves them
 * @throws {OutboardError} system
 */
export async function makeDirectoryDurably(path: string, options: MakeDirectoriesOptions): Promise<void> {
  for (const made of await makeDirectories(path, options)) await syncDirectory(dirname(made));
}
