/**
 * Running test files under one Node.js.
 */
import { spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { delimiter, dirname } from 'node:path';

/** A file that takes longer hangs. */
const fileTimeoutMs = 10 * 60_000;

/**
 * Run test files and print what fails and what is skipped.
 *
 * @param {readonly string[]} files relative to the root
 * @param {{ root: string, program?: string }} options the Node.js, which is also the one that the tests find in PATH
 * @returns {Promise<{ passed: number, failed: number, skipped: number }>} a run that broke counts as one failure
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
