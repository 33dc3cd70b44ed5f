import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { test } from 'node:test';
import { settlesWithin } from './settles-within.ts';
import { withResolvers } from './with-resolvers.ts';

test('settlesWithin() is true for work that ends in time, well or not', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  assert.equal(await settlesWithin(Promise.resolve(), 1000), true);
  assert.equal(await settlesWithin(Promise.reject(new Error('mine')), 1000), true);
});

test('settlesWithin() is false after the limit, and the work goes on', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const work = withResolvers<string>();
  const settles = settlesWithin(work.promise, 1000);
  t.mock.timers.tick(1000);
  assert.equal(await settles, false);
  work.resolve('late');
  assert.equal(await work.promise, 'late');
});

test('settlesWithin() is false when its signal is aborted, and leaves nothing at it', async () => {
  const controller = new AbortController();
  const settles = settlesWithin(new Promise(() => {}), 1_000_000, { signal: controller.signal });
  controller.abort();
  assert.equal(await settles, false);
  assert.equal(getEventListeners(controller.signal, 'abort').length, 0);
});
