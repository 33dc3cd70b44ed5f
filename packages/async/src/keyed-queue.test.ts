import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createKeyedQueue } from './keyed-queue.ts';

/** A piece of work that ends when told to. */
function gate() {
  let open: () => void = () => {};
  const promise = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { open: () => open(), promise };
}

test('run() lets work under one key run one after another, in order of arrival', async () => {
  const queue = createKeyedQueue();
  const order: string[] = [];
  const first = gate();
  const one = queue.run('a', async () => {
    order.push('one begins');
    await first.promise;
    order.push('one ends');
  });
  const two = queue.run('a', async () => void order.push('two'));
  const other = queue.run('b', async () => void order.push('other key'));
  await other;
  first.open();
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
  const first = gate();
  const controller = new AbortController();
  const one = queue.run('a', async () => {
    await first.promise;
    order.push('one ends');
  });
  const cancelled = queue.run('a', async () => void order.push('never'), controller.signal);
  const three = queue.run('a', async () => void order.push('three'));
  controller.abort(new Error('gone'));
  await assert.rejects(cancelled, /gone/);
  first.open();
  await Promise.all([one, three]);
  assert.deepEqual(order, ['one ends', 'three']);
});
