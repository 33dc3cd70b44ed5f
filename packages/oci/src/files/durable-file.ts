/**
 * Durable changes of files, which survive a power cut: temporary file, fsync, rename, fsync of the directory.
 * A failed fsync is final, because the kernel discards pages that it could not write: nothing is tried twice.
 *
 * The commit is the change of a directory entry: a rename or a deletion. Before it, every failure is an error and nothing
 * has changed. After it, the change holds for every reader and for the next start, and no operation may report a failure:
 * a failed fsync of the directory is reported, not thrown.
 */
import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, open, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { OutboardError } from '../errors/outboard-error.ts';
import { type MakeDirectoriesOptions, makeDirectories } from './make-directories.ts';
import { onStorage, storageError, systemErrorCode } from './storage-error.ts';

const unfinishedPattern = /^\..+\.[0-9a-f]{16}\.unfinished$/;

/** True for the name of a temporary file that an interrupted write left; start-up removes such files. */
export function isUnfinishedWrite(name: string): boolean {
  return unfinishedPattern.test(name);
}

/**
 * Remove the temporary files that interrupted writes left in a directory, which no write may be using. Never rejects: they
 * do no harm. An absent directory is fine.
 * @param options.of removes only those of this file
 * @param options.onFailure receives the error of the file system
 */
export async function removeUnfinishedWrites(
  directory: string,
  options: { readonly of?: string | undefined; readonly onFailure: (error: unknown) => void },
): Promise<void> {
  const start = options.of === undefined ? '.' : `.${options.of}.`;
  try {
    for (const name of await readdir(directory)) {
      if (isUnfinishedWrite(name) && name.startsWith(start)) await rm(join(directory, name), { force: true });
    }
  } catch (error) {
    if (systemErrorCode(error) !== 'ENOENT') options.onFailure(error);
  }
}

/** Receives the error of a change that holds but that a power cut may undo: its directory could not be flushed. */
export type ReportUnflushed = (error: OutboardError) => void;

/**
 * Commit: change one entry of a directory, then flush the directory. The directory is opened first, so that only the
 * flush can fail after the change.
 * @param change renames or deletes; when it rejects, nothing has changed
 * @param onUnflushed called when the flush failed; nothing is thrown then
 * @throws {OutboardError} system when the directory cannot be opened; the error of `change`
 */
export async function commitInDirectory(
  directory: string,
  change: () => Promise<void>,
  onUnflushed: ReportUnflushed,
): Promise<void> {
  const handle = await onStorage('open directory', directory, () => openDirectory(directory));
  try {
    await change();
    await handle
      .sync()
      .catch((cause: unknown) => onUnflushed(storageError('flush directory', directory, cause)));
  } finally {
    // Nothing was written through this descriptor: a failed close loses nothing.
    await handle.close().catch(() => undefined);
  }
}

/**
 * As `commitInDirectory`, for a step before a commit: it must be on disk before the commit is, so a failed flush is
 * thrown. The change may have been made when this rejects.
 * @throws {OutboardError} system; the error of `change`
 */
export async function changeDirectory(directory: string, change: () => Promise<void>): Promise<void> {
  await commitInDirectory(directory, change, (error) => {
    throw error;
  });
}

/**
 * Replace a file as a commit: after a crash at any instant it holds the old bytes or the new ones. The directory must
 * exist.
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
    // If this fails, the next start removes the file.
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
  await handle.chmod(mode); // open() applied the umask
  await handle.writeFile(bytes);
  await handle.sync();
}

/**
 * Flush a directory: entries that were created, renamed or removed in it survive a power cut afterwards.
 * @throws {OutboardError} system
 */
export async function syncDirectory(path: string): Promise<void> {
  await onStorage('flush directory', path, async () => {
    await using handle = await openDirectory(path);
    await handle.sync();
  });
}

function openDirectory(path: string): Promise<FileHandle> {
  return open(path, constants.O_RDONLY | constants.O_DIRECTORY);
}

/**
 * Create a directory and its missing parents, and flush each new entry. An existing directory keeps its mode.
 * @param options.mode permission bits of new directories, reduced by the umask
 * @returns the directories that were created, parents first
 * @throws {OutboardError} system
 */
export async function makeDirectoryDurably(
  path: string,
  options: MakeDirectoriesOptions,
): Promise<readonly string[]> {
  const made = await makeDirectories(path, options);
  for (const directory of made) await syncDirectory(dirname(directory));
  return made;
}
