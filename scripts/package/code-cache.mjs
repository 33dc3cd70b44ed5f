/**
 * Makes the code caches that programs of an installation start from; see `bin/start.cjs`.
 */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runProgram } from './run-program.mjs';

const warmUp = fileURLToPath(new URL('warm-up.cjs', import.meta.url));

/**
 * Write `cli.cache` and `daemon.cache`.
 *
 * @param {string} library `lib/outboard` of an installation
 * @param {{ work: string }} options a directory for files in between
 */
export function writeCodeCaches(library, { work }) {
  for (const name of ['cli', 'daemon']) {
    const args = ['--hash-seed=1', '--random-seed=1', warmUp, library, name, join(work, 'warm-up.sock')];
    runProgram(join(library, 'node'), args, { env: { PATH: process.env.PATH } });
  }
}
