#!/usr/bin/env node
/**
 * `npm test`: sets up, checks format, lint and types, runs every test of the repository. The last line counts all of
 * it: `N passed, N failed, N skipped`. Arguments narrow the tests to files whose path contains one of them.
 */
import { spawn, spawnSync } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findTests } from './find-tests.mjs';
import { setUp } from './setup.mjs';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
/** A file that takes longer hangs. */
const FILE_TIMEOUT_MS = 10 * 60_000;

const CHECKS = [
  {
    name: 'format and lint',
    program: ['@biomejs', 'biome', 'bin', 'biome'],
    args: ['check', '--error-on-warnings', '.'],
  },
  { name: 'types', program: ['typescript', 'bin', 'tsc'], args: ['--build'] },
];

/** What is needed to run anything must be there; what single tests need, they say themselves when they skip. */
setUp({ needsDockerCli: true });
const counts = { passed: 0, failed: 0, skipped: 0 };
for (const check of CHECKS) {
  const passed = runCheck(check);
  console.log(`check: ${check.name}: ${passed ? 'passed' : 'FAILED'}`);
  counts[passed ? 'passed' : 'failed']++;
}
if (process.getuid?.() !== 0)
  console.log('test: not root: what needs containers, mounts or chroot is skipped');
const tests = await runTests(await findTests(ROOT, process.argv.slice(2)));
for (const key of Object.keys(counts)) counts[key] += tests[key];

const allowsSkips = process.env.CI !== 'true';
if (!allowsSkips && counts.skipped > 0) console.log('test: CI allows no skipped test');
console.log(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
process.exitCode = counts.failed === 0 && (allowsSkips || counts.skipped === 0) ? 0 : 1;

function runCheck(check) {
  const program = join(ROOT, 'node_modules', ...check.program);
  return spawnSync(process.execPath, [program, ...check.args], { cwd: ROOT, stdio: 'inherit' }).status === 0;
}

/** @returns {Promise<{ passed: number, failed: number, skipped: number }>} a run that broke counts as one failure */
async function runTests(files) {
  const args = [
    '--conditions=outboard-source',
    '--import=tsx',
    '--test',
    `--test-concurrency=${Math.max(2, availableParallelism())}`,
    `--test-timeout=${FILE_TIMEOUT_MS}`,
    '--test-reporter=./scripts/test-reporter.mjs',
    '--test-reporter-destination=stdout',
    ...files,
  ];
  const child = spawn(process.execPath, args, { cwd: ROOT, stdio: ['ignore', 'inherit', 'inherit', 'pipe'] });
  const ended = new Promise((resolve) => {
    child.once('close', resolve);
  });
  let text = '';
  for await (const chunk of child.stdio[3]) text += chunk;
  const code = await ended;
  if (text === '') return { passed: 0, failed: 1, skipped: 0 };
  const told = JSON.parse(text);
  return code !== 0 && told.failed === 0 ? { ...told, failed: 1 } : told;
}
