/**
 * Changes a file with credentials: under a lock, so that no login loses another one, and at once, so that no reader sees a
 * part of it. The file is readable by its owner only.
 * @see docker/cli cli/config/configfile/file.go, Save (28.x), whose treatment of links this is
 */
import { randomBytes } from 'node:crypto';
import { chown, type FileHandle, open, readlink, realpath, rename, rm } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { commitInDirectory } from '@outboard/oci/durable-file';
import { makeDirectories } from '@outboard/oci/make-directories';
import { CommandError, codeOf } from '../command-error.ts';
import { fileReason, parseAuthText, readText } from './auth-file.ts';

/** Result of a change. */
export interface ChangedFile {
  readonly hasChanged: boolean;
  /** Permission bits before, when other users could read the file; undefined otherwise. */
  readonly wideMode: number | undefined;
}

/**
 * Change a file; one that does not exist begins as an empty object.
 * @param change from the text of a JSON object to that of another; the same text leaves the file as it is
 * @throws {CommandError} if the file is not a JSON object, or cannot be read or written
 */
export async function changeAuthFile(
  path: string,
  change: (text: string) => string,
  signal: AbortSignal,
): Promise<ChangedFile> {
  const target = await followLinks(path);
  try {
    await makeDirectories(dirname(target), { mode: 0o700 });
    await using _lock = await lockDirectory(dirname(target), signal);
    const found = await readText(target);
    const text = found === undefined || found.text.trim() === '' ? '{}' : found.text;
    parseAuthText(path, text);
    const changed = change(text);
    if (changed === text) return { hasChanged: false, wideMode: undefined };
    await replace(target, changed, found?.owner);
    const isWide = found !== undefined && (found.mode & 0o077) !== 0;
    return { hasChanged: true, wideMode: isWide ? found.mode : undefined };
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof CommandError) throw error;
    throw new CommandError(`cannot write "${path}": ${fileReason(error)}`, { cause: error });
  }
}

/** The file behind symbolic links, which may not exist yet. */
async function followLinks(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') {
      throw new CommandError(`cannot read "${path}": ${fileReason(error)}`, { cause: error });
    }
  }
  // Absent, or a link to an absent file, of which as in Docker one step is followed.
  const link = await readlink(path).catch(() => undefined);
  return link === undefined ? resolve(path) : resolve(dirname(path), link);
}

/** @param owner of the file that is replaced */
async function replace(target: string, text: string, owner: number | undefined): Promise<void> {
  const temporary = `${target}.${randomBytes(8).toString('hex')}`;
  try {
    await using file = await open(temporary, 'wx', 0o600);
    await file.writeFile(text);
    // With sudo, the file of a user stays that user's.
    if (owner !== undefined && owner !== process.getuid?.())
      await chown(temporary, owner, -1).catch(() => {});
    await file.sync();
    await commitInDirectory(
      dirname(target),
      () => rename(temporary, target),
      (error) =>
        process.emitWarning(`"${target}" was changed, but a power cut may undo it: ${error.message}`),
    );
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

const exclusive = 2; // LOCK_EX
const withoutWaiting = 4; // LOCK_NB
const pauseMs = 20;
const longestWaitMs = 30_000;

/**
 * Lock a directory against other logins; the kernel releases the lock with the process. Without the native addon, or on a
 * file system without locks, there is none, as in Docker.
 * @see flock(2)
 */
async function lockDirectory(path: string, signal: AbortSignal): Promise<FileHandle> {
  const directory = await open(path, 'r');
  try {
    const flock = await loadFlock();
    const deadline = AbortSignal.timeout(longestWaitMs);
    while (flock?.(directory.fd, exclusive | withoutWaiting) === 'busy') {
      if (deadline.aborted) {
        throw new CommandError(`"${path}" has been locked by another login for ${longestWaitMs / 1000} s`);
      }
      await sleep(pauseMs, undefined, { signal });
    }
    return directory;
  } catch (error) {
    await directory.close();
    throw error;
  }
}

async function loadFlock(): Promise<((fd: number, operation: number) => 'locked' | 'busy') | undefined> {
  try {
    const { default: koffi } = await import('koffi');
    const flock = koffi.load(null).func('int flock(int fd, int operation)');
    const { EAGAIN, EINTR } = koffi.os.errno;
    return (fd, operation) => {
      if (flock(fd, operation) === 0) return 'locked';
      return koffi.errno() === EAGAIN || koffi.errno() === EINTR ? 'busy' : 'locked';
    };
  } catch {
    // The addon cannot be loaded here: see above.
    return undefined;
  }
}
