import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fromCallback } from './from-callback.ts';

test('fromCallback() gives the result of a callback', async () => {
  assert.equal(await fromCallback<number>((done) => setImmediate(done, null, 7)), 7);
  assert.equal(await fromCallback((done) => setImmediate(done)), undefined);
});

test('fromCallback() throws the error of a callback, and that of the call itself', async () => {
  await assert.rejects(
    fromCallback((done) => setImmediate(done, new Error('late'))),
    /late/,
  );
  await assert.rejects(
    fromCallback(() => {
      throw new Error('at once');
    }),
    /at once/,
  );
});
