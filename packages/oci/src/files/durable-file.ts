/**
 * Changes of files that survive a power cut: temporary file, fsync, rename, fsync of the folder.
 * A failed fsync is final: the kernel forgets what it could not write, so nothing is tried twice.
 *
 * Here is decided what a commit is: the change of names, a rename or a deletion. Until it is made every failure is an
 * error, and nothing has changed. Once it is made it holds, for every reader and the next start too, and nothing may
 * answer "failed" any more: that the folder could not be flushed afterwards is reported, not thrown.
 */
import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { OutboardError } from '../errors/outboard-error.ts';
import { type MakeDirectoriesOptions, makeDirectories } from './make-directories.ts';
import { onStorage, storageError } from './storage-error.ts';

const unfinishedPattern = /^\..+\.[0-9a-f]{16}\.unfinished$/;

/** Whether a file name is that of a write which a crash cut off; start-up removes such files. */
export function isUnfinishedWrite(name: string): boolean {
  return unfinishedPattern.test(name);
}

/** Told of a change that was made and holds, but that a power cut may undo: its folder could not be flushed. */
export type ReportUnflushed = (error: OutboardError) => void;

/**
 * Commit: make one change of the names in a folder, then flush the folder. It is opened before, so that after the
 * change nothing but the flush can fail.
 * @param change renames or deletes; when it rejects, nothing has changed
 * @param onUnflushed called in place of throwing, once the change is made
 * @throws {OutboardError} system when the folder cannot be opened; the error of `change`
 */
export async function commitInDirectory(
  directory: string,
  change: () => Promise<void>,
  onUnflushed: ReportUnflushed,
): Promise<void> {
  const folder = await onStorage('open folder', directory, () => openDirectory(directory));
  try {
    await change();
    await folder
      .sync()
      .catch((cause: unknown) => onUnflushed(storageError('flush folder', directory, cause)));
  } finally {
    // The descriptor of a folder holds nothing that could be lost.
    await folder.close().catch(() => undefined);
  }
}

/**
 * As `commitInDirectory`, for a step before a commit: the commit must not come to the disk without it, so that it is not
 * known to be there is a failure. The change may have been made when this rejects.
 * @throws {OutboardError} system; the error of `change`
 */
export async function changeDirectory(directory: string, change: () => Promise<void>): Promise<void> {
  await commitInDirectory(directory, change, (error) => {
    throw error;
  });
}

/**
 * Replace a file as a commit: after a crash at any instant it holds the old bytes or the new ones. The folder must exist.
 * @param options.mode permission bits of the new file, whatever the umask
 * @param options.onUnflushed as in `commitInDirectory`
 * @throws {OutboardError} system, with code `no-space` on a full disk; the old file is untouched then
 */
export async function commitFile(
  path: string,
  bytes: Uint8Array | string,
  options: { readonly mode: number; readonly onUnflushed: ReportUnflushed },
): Promise<void> {
  const directory = dirname(path);
  const temporary = join(directory, `.${basename(path)}.${randomBytes(8).toString('hex')}.unfinished`);
  try {
    await writeNewFile(temporary, bytes, options.mode);
    await commitInDirectory(directory, () => rename(temporary, path), options.onUnflushed);
  } catch (cause) {
    // What cannot be removed now the next start removes.
    await rm(temporary, { force: true }).catch(() => undefined);
    throw storageError('write file', path, cause);
  }
}

/**
 * As `commitFile`, for a step before a commit: when this resolves the new bytes are on disk.
 * @throws {OutboardError} system, with code `no-space` on a full disk
 */
export async function writeFileDurably(
  path: string,
  bytes: Uint8Array | string,
  options: { readonly mode: number },
): Promise<void> {
  await commitFile(path, bytes, {
    ...options,
    onUnflushed(error) {
      throw error;
    },
  });
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
    await using handle = await openDirectory(path);
    await handle.sync();
  });
}

function openDirectory(path: string): Promise<FileHandle> {
  return open(path, constants.O_RDONLY | constants.O_DIRECTORY);
}

/**
 * Create a folder and the parents it lacks, and flush each new name. A folder that exists keeps its mode.
 * @param options.mode permission bits of new folders, as the umask leaves them
 * @throws {OutboardError} system
 */
export async function makeDirectoryDurably(path: string, options: MakeDirectoriesOptions): Promise<void> {
  for (const made of await makeDirectories(path, options)) await syncDirectory(dirname(made));
}
