/**
 * Makes directories and their missing parents. Replaces `mkdir(…, {recursive: true})` of Node.js, which never returns
 * where a file system accepts no new directories and reports ENOENT: /proc and /sys do.
 */
import { execFileSync } from 'node:child_process';

/**
 * Make directories and their missing parents.
 *
 * @param {readonly string[]} paths existing ones are left unchanged
 * @throws {Error} with the message of mkdir(1)
 */
export function makeDirectories(...paths) {
  execFileSync('mkdir', ['-p', '--', ...paths], { stdio: ['ignore', 'ignore', 'pipe'] });
}
