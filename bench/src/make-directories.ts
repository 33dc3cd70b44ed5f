/**
 * Makes directories and the parents that they lack. In place of Node.js's `mkdir(…, {recursive: true})`, which tries for
 * ever where a file system takes no new directories and says ENOENT about it: /proc and /sys do.
 */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** @throws {Error} with the words of mkdir(1) */
export async function makeDirectories(...paths: readonly string[]): Promise<void> {
  await promisify(execFile)('mkdir', ['-p', '--', ...paths]);
}
