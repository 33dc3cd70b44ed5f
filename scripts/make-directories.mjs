/**
 * Makes directories and the parents that they lack. In place of Node.js's `mkdir(…, {recursive: true})`, which tries for
 * ever where a file system takes no new directories and says ENOENT about it: /proc and /sys do.
 */
import { execFileSync } from 'node:child_process';

/**
 * @param {readonly string[]} paths those that exist are left as they are
 * @throws {Error} with the words of mkdir(1)
 */
export function makeDirectories(...paths) {
  execFileSync('mkdir', ['-p', '--', ...paths], { stdio: ['ignore', 'ignore', 'pipe'] });
}
