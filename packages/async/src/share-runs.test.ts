import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { shareRuns } from './share-runs.ts';
import { type PromiseWithResolvers, withResolvers } from './with-resolvers.ts';

/** Work that waits for its end, with the ends of all runs so far. */
function makeWork() {
  const runs: PromiseWithResolvers<number>[] = [];
  const work = () => {
    const run = withResolvers<number>();
    runs.push(run);
    return run.promise;
  };
  return { runs, run: shareRuns(work) };
}

test('callers during a run share the next one, which begins after it', async () => {
  const { runs, run } = makeWork();
  const first = run();
  const others = [run(), run(), run()];
  await nextTurn();
  assert.equal(runs.length, 1);
  runs[0]?.resolve(1);
  assert.equal(await first, 1);
  await nextTurn();
  assert.equal(runs.length, 2);
  const later = run();
  runs[1]?.resolve(2);
  assert.deepEqual(await Promise.all(others), [2, 2, 2]);
  await nextTurn();
  runs[2]?.resolve(3);
  assert.equal(await later, 3);
  assert.equal(runs.length, 3);
});

test('a caller after the end of a run begins one of its own', async () => {
  let count = 0;
  const run = shareRuns(async () => ++count);
  assert.equal(await run(), 1);
  assert.equal(await run(), 2);
});

test('a failure is that of its run alone', async () => {
  const { runs, run } = makeWork();
  const first = run();
  const second = run();
  runs[0]?.reject(new Error('mine'));
  await assert.rejects(first, /mine/);
  await nextTurn();
  runs[1]?.resolve(2);
  assert.equal(await second, 2);
});

test('a caller between the end of a run and the begin of the next one shares the next one', async () => {
  let [underWay, mostUnderWay, count] = [0, 0, 0];
  const run = shareRuns(async () => {
    mostUnderWay = Math.max(mostUnderWay, ++underWay);
    await nextTurn();
    underWay -= 1;
    return ++count;
  });
  // Called as soon as the first run has ended, and before the second has begun.
  const third = run().then(run);
  assert.deepEqual(await Promise.all([run(), third]), [2, 2]);
  assert.equal(mostUnderWay, 1);
});
