/**
 * Runs test files with one version of Node.js.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { bundleTests } from './bundle-tests.mjs';
import { groupTests } from './group-tests.mjs';

/** Upper bound for one file, in milliseconds. */
const tenMinutesMs = 10 * 60_000;

/**
 * Run test files and print failures and skipped tests. Packages, examples and benchmarks run as they are compiled, many
 * files in a process, which saves most of their start; files in `tests/` are bundled, and run one in a process.
 *
 * @param {readonly string[]} files relative to the root
 * @param {{ root: string, program?: string }} options the Node.js program, which the tests find first in PATH
 * @returns {Promise<{ passed: number, failed: number, skipped: number, failures: string[] }>} a broken run counts as one
 * failure; `failures` names the tests
 */
export async function runTests(files, { root, program = process.execPath }) {
  const isSource = (file) => file.startsWith('tests/');
  const compiled = files.filter((file) => !isSource(file)).map(compiledFile);
  const sources = files.filter(isSource);
  const total = { passed: 0, failed: 0, skipped: 0, failures: [] };
  const directory = mkdtempSync(join(tmpdir(), 'outboard-tests-'));
  try {
    const runs = [
      groupTests(compiled, { root, directory }),
      sources.length === 0 ? [] : await bundleTests(sources, { root, directory }),
    ];
    for (const run of runs) {
      if (run.length === 0) continue;
      const counts = await runModules(run, { root, program, directory });
      for (const key of ['passed', 'failed', 'skipped']) total[key] += counts[key];
      total.failures.push(...counts.failures);
    }
  } finally {
    rmSync(directory, { recursive: true });
  }
  return total;
}

/**
 * Run files as they are: compiled tests, or bundles.
 *
 * @param {readonly string[]} files
 * @param {{ root: string, directory: string, program?: string, fileTimeoutMs?: number, concurrency?: number }} options `directory` is that of the
 *   bundles
 * @returns {Promise<{ passed: number, failed: number, skipped: number, failures: string[],
 *   skips: { reason: string, names: string[] }[] }>}
 */
export async function runModules(files, options) {
  const shared = mkdtempSync(join(tmpdir(), 'outboard-run-'));
  // A directory with this program alone: its own may hold other versions of programs that come later in PATH.
  const programs = mkdtempSync(join(tmpdir(), 'outboard-node-'));
  const { program = process.execPath } = options;
  symlinkSync(program, join(programs, 'node'));
  try {
    const defaults = { fileTimeoutMs: tenMinutesMs, concurrency: availableParallelism() + 1 };
    return await runFiles(files, { ...defaults, ...options, program, programs, shared });
  } finally {
    rmSync(programs, { recursive: true });
    rmSync(shared, { recursive: true });
  }
}

function compiledFile(file) {
  return file.replace('/src/', '/dist/').replace(/\.ts$/, '.js');
}

async function runFiles(files, { root, program, programs, shared, directory, fileTimeoutMs, concurrency }) {
  const args = [
    '--enable-source-maps',
    '--test',
    // One more than processors: a test of containers waits for them a third of its time.
    `--test-concurrency=${concurrency}`,
    `--test-timeout=${fileTimeoutMs}`,
    '--test-reporter=./scripts/test-reporter.mjs',
    '--test-reporter-destination=stdout',
    ...files,
  ];
  const child = spawn(program, args, {
    cwd: root,
    env: {
      ...process.env,
      PATH: `${programs}${delimiter}${process.env.PATH ?? ''}`,
      // A directory that test files share, for built packages; gone after the run.
      OUTBOARD_TEST_RUN: shared,
      // Where the bundles are, for the reporter.
      OUTBOARD_TEST_BUNDLES: directory,
    },
    stdio: ['ignore', 'inherit', 'inherit', 'pipe'],
  });
  const ended = new Promise((resolve) => {
    child.once('error', resolve);
    child.once('close', resolve);
  });
  let text = '';
  for await (const chunk of child.stdio[3]) text += chunk;
  const code = await ended;
  const broken = `the test runner ended with code ${code}`;
  if (text === '') return { passed: 0, failed: 1, skipped: 0, failures: [broken], skips: [] };
  const told = JSON.parse(text);
  return code !== 0 && told.failed === 0 ? { ...told, failed: 1, failures: [broken] } : told;
}
