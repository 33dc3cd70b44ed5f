import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runOnce } from './run-once.ts';

test('runOnce() runs the work at the first call, and gives every caller its result', async () => {
  let runs = 0;
  const run = runOnce(async () => ++runs);
  assert.equal(runs, 0);
  assert.deepEqual(await Promise.all([run(), run()]), [1, 1]);
  assert.equal(await run(), 1);
});

test('runOnce() gives every caller the same failure', async () => {
  const failure = new Error('mine');
  const run = runOnce(() => Promise.reject(failure));
  for (let call = 0; call < 2; call++) await assert.rejects(run(), (error) => error === failure);
});
