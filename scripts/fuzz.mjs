#!/usr/bin/env node
/**
 * `npm run fuzz`: the long run of the tests with random input. `--minutes N` sets how long each of them goes on, default 10, and
 * `--seed S` repeats a run. The last line tells how many of them failed.
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { readOptions } from './read-options.mjs';
import { setUpOrExit } from './set-up-and-run.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const usage = 'usage: npm run fuzz -- [--minutes N] [--seed S]';
const values = readOptions(usage, { minutes: { type: 'string' }, seed: { type: 'string' } });
const minutes = Number(values.minutes ?? 10);
const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 32));
if (!(minutes > 0) || !Number.isSafeInteger(seed) || seed < 0) {
  console.error(usage);
  process.exit(2);
}
if (process.getuid?.() !== 0) {
  console.error('fuzz: not root: nothing can be unpacked here');
  process.exit(1);
}
setUpOrExit();

const files = [
  'tests/chaos/random-archives.test.ts',
  'tests/chaos/random-requests.test.ts',
  'packages/daemon/src/configuration/random-configurations.test.ts',
  'packages/engine/src/config/random-configs.test.ts',
];
const failed = files.filter((file) => {
  console.log(`fuzz: ${file}, ${minutes} minutes, seed ${seed}`);
  const args = ['--import=tsx', '--test', '--test-timeout=0', '--test-reporter=spec', file];
  const env = {
    ...process.env,
    OUTBOARD_FUZZ_SECONDS: String(minutes * 60),
    OUTBOARD_SEED: String(seed),
  };
  return spawnSync(process.execPath, args, { cwd: root, env, stdio: 'inherit' }).status !== 0;
});
console.log(`fuzz: ${failed.length} of ${files.length} files with failures, seed ${seed}`);
process.exitCode = failed.length === 0 ? 0 : 1;
