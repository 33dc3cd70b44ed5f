import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createKeyedQueue, createSerialQueue } from './keyed-queue.ts';
import { withResolvers } from './with-resolvers.ts';

test('run() lets work under one key run one after another, in order of arrival', async () => {
  const queue = createKeyedQueue();
  const order: string[] = [];
  const first = withResolvers<void>();
  const one = queue.run('a', async () => {
    order.push('one begins');
    await first.promise;
    order.push('one ends');
  });
  const two = queue.run('a', async () => void order.push('two'));
  const other = queue.run('b', async () => void order.push('other key'));
  await other;
  first.resolve();
  await Promise.all([one, two]);
  assert.deepEqual(order, ['one begins', 'other key', 'one ends', 'two']);
});

test('run() gives an error to its caller only, and the next work still runs', async () => {
  const queue = createKeyedQueue();
  const failing = queue.run('a', async () => {
    throw new Error('mine');
  });
  const next = queue.run('a', async () => 'fine');
  await assert.rejects(failing, /mine/);
  assert.equal(await next, 'fine');
});

test('run() stops waiting when its signal is aborted, and nobody overtakes the work that still runs', async () => {
  const queue = createKeyedQueue();
  const order: string[] = [];
  const first = withResolvers<void>();
  const controller = new AbortController();
  const one = queue.run('a', async () => {
    await first.promise;
    order.push('one ends');
  });
  const cancelled = queue.run('a', async () => void order.push('never'), controller.signal);
  const three = queue.run('a', async () => void order.push('three'));
  controller.abort(new Error('gone'));
  await assert.rejects(cancelled, /gone/);
  first.resolve();
  await Promise.all([one, three]);
  assert.deepEqual(order, ['one ends', 'three']);
});

test('createSerialQueue() runs one piece of work after another', async () => {
  const queue = createSerialQueue();
  const order: string[] = [];
  const first = withResolvers<void>();
  const one = queue.run(async () => {
    await first.promise;
    order.push('one');
  });
  const cancelled = queue.run(async () => void order.push('never'), AbortSignal.abort(new Error('gone')));
  const two = queue.run(async () => void order.push('two'));
  await assert.rejects(cancelled, /gone/);
  first.resolve();
  await Promise.all([one, two]);
  assert.deepEqual(order, ['one', 'two']);
});
