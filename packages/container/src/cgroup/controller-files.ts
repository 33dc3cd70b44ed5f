/**
 * Reads the controller files of a cgroup, which may be absent on a host, or disappear at any time.
 */
import { readFile } from 'node:fs/promises';
import { isErrno } from '../linux/errno.ts';

/** Find the number of a line `name number`. */
export function findField(text: string | undefined, name: string): number | undefined {
  const found = new RegExp(`^${name} (\\d+)$`, 'm').exec(text ?? '')?.[1];
  return found === undefined ? undefined : Number(found);
}

/** Read a number; undefined when the file contains none, such as `max`. */
export async function readNumber(path: string): Promise<number | undefined> {
  const text = (await readOptional(path))?.trim() ?? '';
  return /^\d+$/.test(text) ? Number(text) : undefined;
}

/** Read a file; undefined when the hierarchy lacks it, or the cgroup was removed (ENODEV). */
export async function readOptional(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENODEV', 'ENOTDIR')) return undefined;
    throw error;
  }
}
