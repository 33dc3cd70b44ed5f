import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { lockDirectory } from './lock-directory.ts';

async function makePlace() {
  const path = await mkdtemp(join(tmpdir(), 'outboard-lock-'));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true }) };
}

test('lockDirectory() refuses a second lock until the first is released', async () => {
  await using place = await makePlace();
  const first = lockDirectory(place.path);
  assert.throws(() => lockDirectory(place.path), {
    kind: 'conflict',
    message: `data root ${JSON.stringify(place.path)} is in use by another daemon: process ${process.pid}`,
  });
  first.release();
  first.release();
  lockDirectory(place.path).release();
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
  assert.throws(() => lockDirectory(place.path), { kind: 'conflict' });
  holder.kill('SIGKILL');
  await once(holder, 'close');
  lockDirectory(place.path).release();
});

test('lockDirectory() names a directory that is absent', () => {
  assert.throws(() => lockDirectory('/nonexistent/data'), {
    kind: 'system',
    message: /"\/nonexistent\/data"/,
  });
});
