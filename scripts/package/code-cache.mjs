/**
 * Makes the code caches that programs of an installation start from; see `bin/start.cjs`.
 */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { sha256 } from './checksums.mjs';
import { runProgram } from './run-program.mjs';

const warmUp = fileURLToPath(new URL('warm-up.cjs', import.meta.url));

/** With them the same program compiles to the same code, whatever else the machine does. */
const stable = ['--hash-seed=1', '--random-seed=1', '--single-threaded', '--no-flush-bytecode'];

/** Upper bound for attempts until two in a row agree. */
const maxAttempts = 10;

/**
 * Write `cli.cache` and `daemon.cache`. Answers can come in other pieces on a busy machine, so that other functions are
 * compiled: a cache counts when it comes out twice.
 *
 * @param {string} library `lib/outboard` of an installation
 * @param {{ work: string }} options a directory for files in between
 * @throws {Error} if no two attempts in a row agree
 */
export function writeCodeCaches(library, { work }) {
  for (const name of ['cli', 'daemon']) {
    const args = [...stable, warmUp, library, name, join(work, 'warm-up.sock')];
    const attempt = () => {
      runProgram(join(library, 'node'), args, { env: { PATH: process.env.PATH } });
      return sha256(join(library, `${name}.cache`));
    };
    let [before, now] = [attempt(), attempt()];
    for (let attempts = 2; before !== now; attempts++) {
      if (attempts === maxAttempts) throw new Error(`${name}.cache differs each time`);
      [before, now] = [now, attempt()];
    }
  }
}
