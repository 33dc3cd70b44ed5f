/**
 * For the scripts of package.json that need everything set up before they do their work.
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

/**
 * Run the set-up; its failure ends this process.
 *
 * @param {{ isQuiet?: boolean }} options `isQuiet`: what it prints goes to standard error, because the output of this process is for
 *   programs; default false
 */
export function setUpOrExit({ isQuiet = false } = {}) {
  const stdio = isQuiet ? ['inherit', 2, 2] : 'inherit';
  const { status } = spawnSync(process.execPath, ['scripts/setup.mjs'], { cwd: root, stdio });
  if (status !== 0) process.exit(status ?? 1);
}

/**
 * Run the set-up, then a program in TypeScript with the arguments of this process, which ends with its code.
 *
 * @param {string} file path from the repository
 * @param {{ isQuiet?: boolean }} options as in `setUpOrExit()`
 */
export function setUpAndRun(file, options) {
  setUpOrExit(options);
  const args = ['--import', 'tsx', file, ...process.argv.slice(2)];
  const { status } = spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit' });
  process.exit(status ?? 1);
}
