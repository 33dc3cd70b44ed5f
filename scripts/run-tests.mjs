/**
 * Runs test files with one version of Node.js.
 */
import { spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { delimiter, dirname } from 'node:path';

/** Upper bound for one file, in milliseconds. */
const fileTimeoutMs = 10 * 60_000;

/**
 * Run test files and print failures and skipped tests.
 *
 * @param {readonly string[]} files relative to the root
 * @param {{ root: string, program?: string }} options the Node.js program, which the tests find first in PATH
 * @returns {Promise<{ passed: number, failed: number, skipped: number }>} a broken run counts as one failure
 */
export async function runTests(files, { root, program = process.execPath }) {
  const args = [
    '--conditions=outboard-source',
    '--import=tsx',
    '--test',
    `--test-concurrency=${Math.max(2, availableParallelism())}`,
    `--test-timeout=${fileTimeoutMs}`,
    '--test-reporter=./scripts/test-reporter.mjs',
    '--test-reporter-destination=stdout',
    ...files,
  ];
  const child = spawn(program, args, {
    cwd: root,
    env: { ...process.env, PATH: `${dirname(program)}${delimiter}${process.env.PATH ?? ''}` },
    stdio: ['ignore', 'inherit', 'inherit', 'pipe'],
  });
  const ended = new Promise((resolve) => {
    child.once('error', resolve);
    child.once('close', resolve);
  });
  let text = '';
  for await (const chunk of child.stdio[3]) text += chunk;
  const code = await ended;
  if (text === '') return { passed: 0, failed: 1, skipped: 0 };
  const told = JSON.parse(text);
  return code !== 0 && told.failed === 0 ? { ...told, failed: 1 } : told;
}
