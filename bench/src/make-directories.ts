/**
 * Makes directories and their missing parents. Replaces `mkdir(…, {recursive: true})` of Node.js, which never returns
 * where a file system accepts no new directories and reports ENOENT: /proc and /sys do.
 */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** Make directories and their missing parents. @throws {Error} with the message of mkdir(1) */
export async function makeDirectories(...paths: readonly string[]): Promise<void> {
  await promisify(execFile)('mkdir', ['-p', '--', ...paths]);
}
