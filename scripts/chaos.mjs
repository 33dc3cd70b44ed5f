#!/usr/bin/env node
/**
 * `npm run chaos`: the long run of the tests that kill, and of those that cut the power, also on file systems of the kernel.
 * `--kills N` sets how many kills are made at least, default 1000, and `--seed S` repeats a run as far as randomness goes. The
 * last line counts all of it.
 */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { installDebianPackages, missingDiskPrograms } from './debian-packages.mjs';
import { readOptions } from './read-options.mjs';
import { setUpOrExit } from './set-up-and-run.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const usage = 'usage: npm run chaos -- [--kills N] [--seed S]';
const values = readOptions(usage, { kills: { type: 'string' }, seed: { type: 'string' } });
const kills = Number(values.kills ?? 1000);
const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 32));
if (!Number.isSafeInteger(kills) || kills < 1 || !Number.isSafeInteger(seed) || seed < 0) {
  console.error(usage);
  process.exit(2);
}
if (process.getuid?.() !== 0) {
  console.error('chaos: not root: nothing can be killed here');
  process.exit(1);
}
setUpOrExit();
const missing = missingDiskPrograms();
// Without them, the cuts on file systems are skipped, and say so.
if (missing.length > 0) console.log(`chaos: ${installDebianPackages(missing).message}`);

/**
 * Seven operations are killed so often, and ten plugins once more. The rest are kills at points: so many of ten operations, of
 * which some have fewer, and of every other recovery.
 */
const killsPerOperation = Math.ceil(kills / 14);
console.log(`chaos: seed ${seed}, ${killsPerOperation} kills for each operation`);
const startedAt = performance.now();
let made = 0;
let cuts = 0;
let failed = 0;
for (const name of ['power-cuts', 'kill-points', 'kill-repairs', 'kill-daemon', 'random-kills']) {
  if (!(await runFile(`tests/chaos/${name}.test.ts`))) failed += 1;
}
const fileSystems = ['ext4', 'ext4-writeback', 'xfs', 'btrfs'];
for (const fileSystem of fileSystems) {
  console.log(`chaos: power cuts on ${fileSystem}`);
  const cutsPerOperation = String(Math.ceil(killsPerOperation / fileSystems.length));
  const env = { OUTBOARD_FILE_SYSTEM: fileSystem, OUTBOARD_POWER_CUTS: cutsPerOperation };
  if (!(await runFile('tests/chaos/disk-cuts.suite.ts', env))) failed += 1;
}
const minutes = ((performance.now() - startedAt) / 60_000).toFixed(1);
console.log(
  `chaos: ${made} kills and ${cuts} power cuts in ${minutes} minutes, seed ${seed}, ${failed} files with failures`,
);
process.exitCode = failed === 0 ? 0 : 1;

/** Run a file, and count the kills that its tests tell. @param more variables that replace those of all files */
async function runFile(file, more = {}) {
  const args = ['--import=tsx', '--test', '--test-timeout=0', '--test-reporter=spec', file];
  const child = spawn(process.execPath, args, {
    cwd: root,
    env: {
      ...process.env,
      OUTBOARD_KILLS: String(killsPerOperation),
      OUTBOARD_POWER_CUTS: String(killsPerOperation),
      OUTBOARD_SEED: String(seed),
      ...more,
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = new Promise((resolve) => child.once('close', (code) => resolve(code === 0)));
  for await (const line of createInterface({ input: child.stdout })) {
    console.log(line);
    made += Number(/^\S+ (\d+) kills$/.exec(line.trim())?.[1] ?? 0);
    cuts += Number(/^\S+ (\d+) power cuts$/.exec(line.trim())?.[1] ?? 0);
  }
  return await ended;
}
