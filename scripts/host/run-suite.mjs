/**
 * Runs in the virtual machine: bundled test files, one after the other. The last line of its output is the result as JSON.
 *
 * usage: node run-suite.mjs BUNDLE...
 */
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runModules } from '../run-tests.mjs';

/** Upper bound for one file, in milliseconds: ten times that of `npm test`. */
const fileTimeoutMs = 100 * 60_000;

const bundles = process.argv.slice(2);
const root = fileURLToPath(new URL('../..', import.meta.url));
const result = await runModules(bundles, {
  root,
  directory: process.env.OUTBOARD_BUNDLES ?? dirname(bundles[0]),
  fileTimeoutMs,
  // Beside others, a file would take longer than its deadlines allow.
  concurrency: 1,
});
process.stdout.write(`\n${JSON.stringify(result)}\n`);
