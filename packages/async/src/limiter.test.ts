import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLimiter } from './limiter.ts';

test('createLimiter() runs no more than its limit at a time, in order of arrival', async () => {
  const limiter = createLimiter(2);
  const { signal } = new AbortController();
  const order: number[] = [];
  let running = 0;
  let most = 0;
  const work = (index: number) => async (): Promise<void> => {
    order.push(index);
    running += 1;
    most = Math.max(most, running);
    await new Promise((resolve) => setImmediate(resolve));
    running -= 1;
    if (index === 1) throw new Error('this one fails');
  };
  const runs = [0, 1, 2, 3, 4].map((index) => limiter.run(work(index), { signal }));
  const results = await Promise.allSettled(runs);
  assert.deepEqual(
    results.map(({ status }) => status),
    ['fulfilled', 'rejected', 'fulfilled', 'fulfilled', 'fulfilled'],
  );
  assert.deepEqual(order, [0, 1, 2, 3, 4]);
  assert.equal(most, 2);
});

test('createLimiter() lets go of work that is aborted while it waits', async () => {
  const limiter = createLimiter(1);
  const abort = new AbortController();
  let release: () => void = () => undefined;
  const first = limiter.run(() => new Promise<void>((resolve) => (release = resolve)), {
    signal: new AbortController().signal,
  });
  const second = limiter.run(async () => assert.fail('it was aborted'), { signal: abort.signal });
  const third = limiter.run(async () => 'third', { signal: new AbortController().signal });
  abort.abort(new Error('not wanted'));
  await assert.rejects(second, /not wanted/);
  release();
  await first;
  assert.equal(await third, 'third');
});

test('createLimiter() gives the place of work that takes long to the next, once', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const limiter = createLimiter(1, 500);
  const { signal } = new AbortController();
  let release: () => void = () => undefined;
  const long = limiter.run(() => new Promise<void>((resolve) => (release = resolve)), { signal });
  let running = 0;
  let most = 0;
  const work = async (): Promise<void> => {
    running += 1;
    most = Math.max(most, running);
    await new Promise((resolve) => setImmediate(resolve));
    running -= 1;
  };
  const second = limiter.run(work, { signal });
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(most, 0);
  t.mock.timers.tick(500);
  await second;
  // It has no place any more to give away at its end.
  release();
  await long;
  await Promise.all([limiter.run(work, { signal }), limiter.run(work, { signal })]);
  assert.equal(most, 1);
});
