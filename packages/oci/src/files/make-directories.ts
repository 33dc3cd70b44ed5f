/**
 * Makes a directory and the parents that it lacks. In place of Node.js's `mkdir(…, {recursive: true})`, which tries for
 * ever where a file system takes no new directories and says ENOENT about it: /proc and /sys do.
 * @see mkdir(2)
 */
import { mkdir, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { OutboardError } from '../errors/outboard-error.ts';
import { storageError, systemErrorCode } from './storage-error.ts';

/** How to make directories. */
export interface MakeDirectoriesOptions {
  /** Permission bits of new ones, as the umask leaves them; those that exist keep theirs. */
  readonly mode: number;
}

/**
 * Each name is tried once, so this ends whatever the file system says.
 * @returns the directories that were made, parents first; none when all were there
 * @throws {OutboardError} system, naming the directory; code `no-space` on a full disk
 */
export async function makeDirectories(
  path: string,
  { mode }: MakeDirectoriesOptions,
): Promise<readonly string[]> {
  const missing: string[] = [];
  for (let place = resolve(path); !(await isDirectory(place)); place = dirname(place)) missing.unshift(place);
  const made: string[] = [];
  for (const place of missing) if (await makeDirectory(place, mode)) made.push(place);
  return made;
}

/** @returns false when there is none @throws {OutboardError} system when something else is there, or on the way there */
async function isDirectory(path: string): Promise<boolean> {
  try {
    if ((await stat(path)).isDirectory()) return true;
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === 'ENOENT') return false;
    if (code !== 'ENOTDIR') throw storageError('look up directory', path, error);
  }
  throw new OutboardError(
    'system',
    `cannot make directory at ${JSON.stringify(path)}: ENOTDIR, it is no directory or lies below a file`,
    { details: { path } },
  );
}

/** @returns whether it was made here, and not by someone else meanwhile */
async function makeDirectory(path: string, mode: number): Promise<boolean> {
  try {
    await mkdir(path, { mode });
    return true;
  } catch (cause) {
    const code = systemErrorCode(cause);
    if (code === 'EEXIST' && (await isDirectory(path))) return false;
    if (code !== 'ENOENT' && code !== 'EEXIST') throw storageError('make directory', path, cause);
    const reason =
      code === 'EEXIST'
        ? 'it is a link to nothing'
        : `the file system of ${JSON.stringify(dirname(path))} takes no new directories`;
    const message = `cannot make directory at ${JSON.stringify(path)}: ${code}, ${reason}`;
    throw new OutboardError('system', message, { cause, details: { path } });
  }
}
