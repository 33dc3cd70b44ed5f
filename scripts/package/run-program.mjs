/**
 * Runs the programs that packages are made with.
 */
import { spawnSync } from 'node:child_process';

/**
 * Run a program to its end.
 *
 * @param {string} program
 * @param {readonly string[]} args
 * @param {import('node:child_process').SpawnSyncOptions} [options]
 * @returns {string} its standard output
 * @throws {Error} with the end of its standard error, if it fails
 */
export function runProgram(program, args, options = {}) {
  const { status, stdout, stderr, error } = spawnSync(program, args, {
    encoding: 'utf8',
    maxBuffer: 64 << 20,
    ...options,
  });
  if (status === 0) return stdout;
  const reason = error?.message ?? String(stderr).trim().slice(-2000);
  throw new Error(`${program} ${args.join(' ')} failed: ${reason}`, { cause: error });
}
