import assert from 'node:assert/strict';
import { test } from 'node:test';
import { needsCgroup2, runWithCgroup2 } from '../testing/cgroup2-mount.ts';

/** Runs where cgroup v2 is mounted at `argv[1]`: a process in a threaded cgroup is listed, and ended. */
const script = `
  import { spawn } from 'node:child_process';
  import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
  const { listProcesses, removeCgroup } = await import(${JSON.stringify(import.meta.resolve('./cgroup-tree.js'))});
  const [mountPoint] = process.argv.slice(1);
  const name = 'outboard-test-' + process.pid;
  const inner = mountPoint + '/' + name + '/in';
  mkdirSync(inner, { recursive: true });
  writeFileSync(inner + '/cgroup.type', 'threaded');
  const child = spawn('sleep', ['1000'], { stdio: 'ignore' });
  const ended = new Promise((resolve) => child.once('exit', (code, signal) => resolve(signal)));
  writeFileSync(inner + '/cgroup.procs', String(child.pid));
  process.once('exit', () => child.kill('SIGKILL'));
  const listed = await listProcesses('/' + name);
  await removeCgroup('/' + name, { timeoutMs: 30_000 });
  const isLeft = existsSync(mountPoint + '/' + name);
  console.log(JSON.stringify({ isListed: listed.join() === String(child.pid), signal: await ended, isLeft }));
`;

test('removeCgroup() ends the processes of a threaded cgroup, whose list the kernel does not give', {
  skip: needsCgroup2,
}, async () => {
  assert.deepEqual(await runWithCgroup2(script), { isListed: true, signal: 'SIGKILL', isLeft: false });
});
