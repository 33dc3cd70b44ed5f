import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withResolvers } from '@outboard/async';
import { createCallQueue } from './call-queue.ts';

test('createCallQueue() runs some calls, lets some wait, and refuses more at once', async () => {
  const queue = createCallQueue('acme/p:latest', { running: 1, waiting: 1 });
  const { promise, resolve } = withResolvers<string>();
  const first = queue.run(() => promise);
  const second = queue.run(async () => 'second');
  await assert.rejects(
    queue.run(async () => assert.fail('no place is free')),
    {
      kind: 'unavailable',
      code: 'too-many-calls',
      message: 'plugin acme/p:latest is busy: 1 calls are running and 1 are waiting',
    },
  );
  resolve('first');
  assert.deepEqual(await Promise.all([first, second]), ['first', 'second']);
  assert.equal(await queue.run(async () => 'third'), 'third');
});

test('createCallQueue() frees the place of a call that leaves or fails', async () => {
  const queue = createCallQueue('acme/p:latest', { running: 1, waiting: 1 });
  const { promise, reject } = withResolvers<void>();
  const running = queue.run(() => promise);
  const leaving = new AbortController();
  const waiting = queue.run(async () => assert.fail('it left'), { signal: leaving.signal });
  leaving.abort(new Error('left'));
  await assert.rejects(waiting, { message: 'left' });
  const next = queue.run(async () => 'next');
  reject(new Error('failed'));
  await assert.rejects(running, { message: 'failed' });
  assert.equal(await next, 'next');
});

test('tells how many calls run and wait', async () => {
  const queue = createCallQueue('acme/p:latest', { running: 2, waiting: 5 });
  const end = withResolvers<void>();
  const calls = [1, 2, 3].map(() => queue.run(() => end.promise));
  assert.deepEqual([queue.running, queue.waiting], [2, 1]);
  end.resolve();
  await Promise.all(calls);
  assert.deepEqual([queue.running, queue.waiting], [0, 0]);
});
