#!/usr/bin/env node
/**
 * `npm test`: sets up, checks format, lint and types, runs every test of the repository, and those of
 * `tests-on-every-node.mjs` on the other versions of Node.js too. The last line counts all of it: `N passed, N failed,
 * N skipped`. Arguments narrow the tests to files whose path contains one of them.
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findTests } from './find-tests.mjs';
import { otherNodeVersions } from './node-versions.mjs';
import { runTests } from './run-tests.mjs';
import { setUp } from './setup.mjs';
import { testsOnEveryNode } from './tests-on-every-node.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));

const checks = [
  {
    name: 'format and lint',
    program: ['@biomejs', 'biome', 'bin', 'biome'],
    args: ['check', '--error-on-warnings', '.'],
  },
  { name: 'types', program: ['typescript', 'bin', 'tsc'], args: ['--build'] },
  { name: 'promises', program: ['oxlint', 'bin', 'oxlint'], args: ['--deny-warnings'] },
  { name: 'unused code', program: ['knip', 'bin', 'knip.js'], args: [] },
];

/** Everything that any test needs must be installed; single tests report their own needs when they skip. */
setUp({
  needsDockerCli: true,
  needsServiceManager: true,
  needsPodman: true,
  needsConsumers: true,
  needsShells: true,
});
const counts = { passed: 0, failed: 0, skipped: 0 };
/** Names of failed checks and tests, printed again at the end. */
const failures = [];
for (const check of checks) {
  const passed = runCheck(check);
  console.log(`check: ${check.name}: ${passed ? 'passed' : 'FAILED'}`);
  counts[passed ? 'passed' : 'failed']++;
  if (!passed) failures.push(`check: ${check.name}`);
}
if (process.getuid?.() !== 0)
  console.log('test: not root: what needs containers, mounts or chroot is skipped');
const files = await findTests(root, process.argv.slice(2));
// Before the tests: those of packages need one of them.
const versions = installVersionsFor(files.filter(isForEveryNode));
add(await runTests(files, { root: root }));
await runOn(versions, files.filter(isForEveryNode));

const allowsSkips = process.env.CI !== 'true';
if (!allowsSkips && counts.skipped > 0) console.log('test: CI allows no skipped test');
for (const failure of failures) console.log(`failed: ${failure}`);
console.log(describe(counts));
process.exitCode = counts.failed === 0 && (allowsSkips || counts.skipped === 0) ? 0 : 1;

function isForEveryNode(file) {
  return testsOnEveryNode.some((start) => file.startsWith(start));
}

/** Versions that cannot be installed are one failure. */
function installVersionsFor(files) {
  if (files.length === 0) return [];
  try {
    return otherNodeVersions();
  } catch (error) {
    console.log(`test: ${error.message}`);
    counts.failed++;
    failures.push('installation of other versions of Node.js');
    return [];
  }
}

async function runOn(versions, files) {
  for (const { version, program } of versions) {
    if (program === undefined) {
      console.log(
        `test: npm has no Node.js ${version} for ${process.arch}: its ${files.length} files are skipped`,
      );
      counts.skipped += files.length;
      continue;
    }
    console.log(`\ntest: on Node.js ${version}:`);
    const tests = await runTests(files, { root: root, program });
    console.log(`on Node.js ${version}: ${describe(tests)}`);
    add(tests, ` on Node.js ${version}`);
  }
}

function add(tests, where = '') {
  for (const key of Object.keys(counts)) counts[key] += tests[key];
  failures.push(...tests.failures.map((name) => `${name}${where}`));
}

function describe({ passed, failed, skipped }) {
  return `${passed} passed, ${failed} failed, ${skipped} skipped`;
}

function runCheck(check) {
  const program = join(root, 'node_modules', ...check.program);
  return spawnSync(process.execPath, [program, ...check.args], { cwd: root, stdio: 'inherit' }).status === 0;
}
