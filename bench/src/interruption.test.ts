import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { cleanUp, Interruption, interruptible } from './interruption.ts';

test('interruptible() gives the result or the error of the work', async () => {
  assert.equal(await interruptible(async () => 1), 1);
  await assert.rejects(
    interruptible(() => Promise.reject(new Error('mine'))),
    /mine/,
  );
  assert.equal(process.listenerCount('SIGTERM'), 0);
});

test('interruptible() awaits the work after a signal, and rejects with the exit code of a shell', async () => {
  let hasEnded = false;
  const work = interruptible(async (signal) => {
    process.kill(process.pid, 'SIGTERM');
    await delay(60_000, undefined, { signal }).finally(() => {
      hasEnded = true;
    });
  });
  await assert.rejects(work, (error) => error instanceof Interruption && error.exitCode === 143);
  assert.ok(hasEnded);
});

test('cleanUp() is not ended by signals', async () => {
  let hasEnded = false;
  await cleanUp(async () => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.kill(process.pid, signal);
    await delay(50);
    hasEnded = true;
  });
  assert.ok(hasEnded);
  assert.equal(process.listenerCount('SIGINT'), 0);
});
