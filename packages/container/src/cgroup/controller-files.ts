/**
 * The kernel's files of a cgroup: small texts that may be absent, for this host or from one moment to the next.
 */
import { readFile } from 'node:fs/promises';
import { isErrno } from '../linux/errno.ts';

/** The number in a line `name number`. */
export function findField(text: string | undefined, name: string): number | undefined {
  const found = new RegExp(`^${name} (\\d+)$`, 'm').exec(text ?? '')?.[1];
  return found === undefined ? undefined : Number(found);
}

/** The number that a file holds; undefined when it holds none, such as `max`. */
export async function readNumber(path: string): Promise<number | undefined> {
  const text = (await readOptional(path))?.trim() ?? '';
  return /^\d+$/.test(text) ? Number(text) : undefined;
}

/** Undefined when this hierarchy has no such file, or the container ended meanwhile (ENODEV). */
export async function readOptional(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENODEV', 'ENOTDIR')) return undefined;
    throw error;
  }
}
