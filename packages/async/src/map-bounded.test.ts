import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mapBounded } from './map-bounded.ts';

test('mapBounded() keeps the order of results, and never does more at a time than it may', async () => {
  let running = 0;
  let most = 0;
  const results = await mapBounded(
    [5, 1, 4, 2, 3],
    async (turns) => {
      running += 1;
      most = Math.max(most, running);
      for (let turn = 0; turn < turns; turn += 1) await Promise.resolve();
      running -= 1;
      return turns * 10;
    },
    2,
  );
  assert.deepEqual(results, [50, 10, 40, 20, 30]);
  assert.equal(most, 2);
});

test('mapBounded() throws the first error once all has ended, and begins nothing more', async () => {
  const begun: number[] = [];
  const ended: number[] = [];
  const working = mapBounded(
    [1, 2, 3, 4],
    async (item) => {
      begun.push(item);
      await Promise.resolve();
      if (item === 1) throw new Error('first');
      await Promise.resolve();
      ended.push(item);
    },
    2,
  );
  await assert.rejects(working, /first/);
  assert.deepEqual([begun, ended], [[1, 2], [2]]);
});

test('mapBounded() of nothing is nothing', async () => {
  assert.deepEqual(await mapBounded([], () => Promise.reject(new Error('never'))), []);
});
