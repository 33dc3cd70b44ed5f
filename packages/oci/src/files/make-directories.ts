/**
 * Creates a directory and its missing parents. Replaces Node.js's `mkdir(…, {recursive: true})`, which loops for ever on
 * file systems that refuse new directories with ENOENT, as /proc and /sys do.
 * @see mkdir(2)
 */
import { mkdir, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { OutboardError } from '../errors/outboard-error.ts';
import { storageError, systemErrorCode } from './storage-error.ts';

/** Options of `makeDirectories()`. */
export interface MakeDirectoriesOptions {
  /** Permission bits of new directories, reduced by the umask; existing ones keep theirs. */
  readonly mode: number;
}

/**
 * Create a directory and its missing parents. Each one is tried once, so this ends on every file system.
 * @returns the directories that were created, parents first; empty when all existed
 * @throws {OutboardError} system, naming the directory; code `no-space` on a full disk
 */
export async function makeDirectories(
  path: string,
  { mode }: MakeDirectoriesOptions,
): Promise<readonly string[]> {
  const missing: string[] = [];
  for (let at = resolve(path); !(await isDirectory(at)); at = dirname(at)) missing.unshift(at);
  const made: string[] = [];
  for (const directory of missing) if (await makeDirectory(directory, mode)) made.push(directory);
  return made;
}

/**
 * @returns false when the path names nothing
 * @throws {OutboardError} system when the path or one of its parents is not a directory
 */
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
    `cannot make directory at ${JSON.stringify(path)}: ENOTDIR, it is not a directory or is below a file`,
    { details: { path } },
  );
}

/** @returns true if this call created it, false if another one did meanwhile */
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
        : `the file system of ${JSON.stringify(dirname(path))} refuses new directories`;
    const message = `cannot make directory at ${JSON.stringify(path)}: ${code}, ${reason}`;
    throw new OutboardError('system', message, { cause, details: { path } });
  }
}
