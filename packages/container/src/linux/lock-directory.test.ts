import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { test } from 'node:test';
import { lockDirectory } from './lock-directory.ts';

async function makePlace() {
  const path = await mkdtemp(join(tmpdir(), 'outboard-lock-'));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true }) };
}

test('lockDirectory() refuses a second lock until the first is released', async () => {
  await using place = await makePlace();
  const first = await lockDirectory(place.path);
  await assert.rejects(lockDirectory(place.path), {
    kind: 'conflict',
    message: `data root ${JSON.stringify(place.path)} is in use by another daemon: process ${process.pid}`,
  });
  first.release();
  first.release();
  (await lockDirectory(place.path)).release();
});

test('lockDirectory() succeeds after the process that held the lock was killed', async () => {
  await using place = await makePlace();
  const holder = spawn(
    'flock',
    ['--exclusive', '--no-fork', place.path, 'sh', '-c', 'echo locked; exec sleep 1000'],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  await once(holder.stdout, 'data');
  await assert.rejects(lockDirectory(place.path), { kind: 'conflict' });
  holder.kill('SIGKILL');
  await once(holder, 'close');
  (await lockDirectory(place.path)).release();
});

test('lockDirectory() waits for the children that a killed holder was starting', async () => {
  await using place = await makePlace();
  // The child of flock(1) keeps its copy of the descriptor.
  const holder = spawn('flock', ['--exclusive', place.path, 'sh', '-c', 'echo locked; read -r line <&3'], {
    stdio: ['ignore', 'pipe', 'inherit', 'pipe'],
  });
  assert.ok(holder.stdout !== null);
  await once(holder.stdout, 'data');
  holder.kill('SIGKILL');
  await once(holder, 'exit');
  const locking = lockDirectory(place.path);
  const release = holder.stdio[3];
  assert.ok(release instanceof Writable);
  release.end('\n');
  (await locking).release();
});

test('lockDirectory() names a directory that is absent', async () => {
  await assert.rejects(lockDirectory('/nonexistent/data'), {
    kind: 'system',
    message: /"\/nonexistent\/data"/,
  });
});
