import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withResolvers } from './with-resolvers.ts';

test('withResolvers() gives a promise that is fulfilled or rejected from outside, once', async () => {
  const fulfilled = withResolvers<number>();
  fulfilled.resolve(1);
  fulfilled.reject(new Error('too late'));
  assert.equal(await fulfilled.promise, 1);
  const rejected = withResolvers<number>();
  rejected.reject(new Error('refused'));
  await assert.rejects(rejected.promise, /refused/);
});
