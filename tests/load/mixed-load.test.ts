/**
 * `npm run load`, small: clients with mixed operations on a real daemon get no error, and leave neither descriptors nor anything
 * else. The figures of the long run are in docs/benchmarks.md.
 */
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { needsRoot } from '../support/needs-root.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const program = ['--import', 'tsx', 'bench/src/load/main.ts'];
const small = ['--plugins', '20', '--enabled', '4', '--clients', '8', '--seconds', '2', '--pause', '50'];
/** Connections of clients that are just being closed, and files that are read at that moment. */
const fewDescriptors = 10;

interface Result {
  readonly operations: readonly { readonly operation: string; readonly count: number }[];
  readonly errors: readonly string[];
  readonly before: { readonly descriptors: number };
  readonly after: { readonly descriptors: number };
  readonly left: readonly string[];
}

test('many clients at once get no error, and leave nothing', { skip: needsRoot }, async (context) => {
  const directory = await mkdtemp(join(tmpdir(), 'outboard-load-test-'));
  context.after(() => rm(directory, { recursive: true }));
  const file = join(directory, 'figures.json');
  await promisify(execFile)(process.execPath, [...program, ...small, '--json', file], { cwd: root });
  const { operations, errors, before, after, left }: Result = JSON.parse(await readFile(file, 'utf8'));
  assert.deepEqual(errors, []);
  assert.deepEqual(left, []);
  assert.ok(after.descriptors <= before.descriptors + fewDescriptors, JSON.stringify({ before, after }));
  for (const wanted of ['list', 'inspect', 'set']) {
    assert.ok(
      operations.some(({ operation, count }) => operation === wanted && count > 0),
      `no ${wanted}`,
    );
  }
});

/** Command lines of daemons, monitors and plugins of loads. */
async function listProcesses(): Promise<readonly string[]> {
  const { stdout } = await promisify(execFile)('ps', ['-eo', 'args']);
  return stdout.split('\n').filter((line) => /outboard-load-\w+\/outboard/.test(line));
}

test('a load that a signal interrupts leaves no process', { skip: needsRoot }, async () => {
  const before = await listProcesses();
  const child = spawn(process.execPath, [...program, ...small, '--seconds', '600'], {
    cwd: root,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const ended = once(child, 'exit');
  let text = '';
  for await (const chunk of child.stderr) {
    const isUnderLoad = text.includes('warming up');
    text += String(chunk);
    if (!isUnderLoad && text.includes('warming up')) child.kill('SIGTERM');
  }
  const [code, signal] = await ended;
  assert.ok(code === 143 || signal === 'SIGTERM', `${code} ${signal} ${text}`);
  assert.match(text, /\nstopped by SIGTERM\n$/);
  assert.deepEqual(await listProcesses(), before);
});
