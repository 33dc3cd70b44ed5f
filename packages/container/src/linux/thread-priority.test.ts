import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { getPriority } from 'node:os';
import { test } from 'node:test';

const needsRoot = process.getuid?.() === 0 ? false : 'needs root';
const moduleUrl = (name: string) => JSON.stringify(new URL(name, import.meta.url).href);

/** Prints the nice values of the main thread, of a child, and of a thread, all started after the call. */
const program = `
  import { readFileSync } from 'node:fs';
  import { text } from 'node:stream/consumers';
  import { Worker } from 'node:worker_threads';
  import { prioritizeMainThread } from ${moduleUrl('./thread-priority.js')};
  import { spawnProcess } from ${moduleUrl('./spawn-process.js')};
  const isDone = prioritizeMainThread();
  const child = spawnProcess('/bin/sh', ['-c', 'cat /proc/self/stat'], { env: {}, stdio: ['ignore', 'pipe', 'ignore'] });
  const ofStat = (stat) => Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[16]);
  const own = ofStat(readFileSync('/proc/self/stat', 'latin1'));
  const ofChild = ofStat(await text(child.stdio[1]));
  const worker = new Worker(
    'require("node:worker_threads").parentPort.postMessage(require("node:fs").readFileSync("/proc/thread-self/stat", "latin1"))',
    { eval: true, execArgv: [] },
  );
  const ofThread = await new Promise((resolve) => worker.once('message', (stat) => resolve(ofStat(stat))));
  console.log(JSON.stringify({ isDone, own, ofChild, ofThread }));
`;

/** Prints the nice value of the session. */
const ofSession = `
  import { existsSync, readFileSync } from 'node:fs';
  import { prioritizeMainThread } from ${moduleUrl('./thread-priority.js')};
  prioritizeMainThread();
  const file = '/proc/self/autogroup';
  console.log(existsSync(file) ? readFileSync(file, 'utf8') : 'nice -10');
`;

/** Makes up for the nice value of this process: `nice` adds. */
const asUsual = ['nice', '-n', String(-getPriority())];

/** @param around a program with arguments, with 0 as nice value, that starts the module */
function run(module: string, ...around: readonly string[]): string {
  const [file = '', ...args] = [...asUsual, ...around, process.execPath, '--input-type=module', '-e', module];
  return execFileSync(file, args, { cwd: import.meta.dirname, encoding: 'utf8' });
}

test('the main thread has the priority; what it starts has none', { skip: needsRoot }, () => {
  assert.deepEqual(JSON.parse(run(program)), { isDone: true, own: -10, ofChild: 0, ofThread: 0 });
});

test('a nice value that the operator chose stays, and is handed on', { skip: needsRoot }, () => {
  const chosen = JSON.parse(run(program, 'nice', '-n', '5'));
  assert.deepEqual(chosen, { isDone: false, own: 5, ofChild: 5, ofThread: 5 });
});

test('without the right to raise its priority a process goes on', { skip: needsRoot }, () => {
  const without = ['setpriv', '--bounding-set', '-sys_nice', '--inh-caps', '-sys_nice'];
  assert.deepEqual(JSON.parse(run(program, ...without)), { isDone: false, own: 0, ofChild: 0, ofThread: 0 });
});

test('the session of a service has the priority where sessions share processors', { skip: needsRoot }, () => {
  const shown = run(ofSession, 'setsid', '--wait');
  assert.match(shown, /nice -10$/m);
});
