import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { type Activity, readActivity, watchProgress } from './watch-progress.ts';

const limitMs = 1000;

/** Number of checks until a stall is reported; undefined without one. The last activity is repeated. */
async function looksUntilStall(
  mock: { timers: { enable(options: { apis: ['setInterval'] }): void; tick(ms: number): void } },
  looks: readonly (Activity | undefined)[],
): Promise<number | undefined> {
  mock.timers.enable({ apis: ['setInterval'] });
  let count = 0;
  let stalledAfter: number | undefined;
  const watch = watchProgress(async () => looks[Math.min(count++, looks.length - 1)], {
    limitMs,
    onStall: () => {
      stalledAfter = count;
    },
  });
  for (let index = 0; index < 30; index++) {
    mock.timers.tick(limitMs);
    await setImmediate();
  }
  watch.stop();
  return stalledAfter;
}

const idle: Activity = { work: '1', state: 'other' };
const working = Array.from({ length: 20 }, (_, index): Activity => ({ work: `${index}`, state: 'other' }));

for (const [title, looks, expected] of [
  ['a process that does nothing, at the second look', [idle], 2],
  ['one that stops later', [...working, idle, idle], 22],
  ['one that waits for a disk, ten times as late', [{ work: '1', state: 'disk' }], 11],
  ['none that waits for a processor', [{ work: '1', state: 'runnable' }], undefined],
  ['none that is gone', [idle, undefined], undefined],
] as const) {
  test(`watchProgress() reports ${title}`, async ({ mock }) => {
    assert.equal(await looksUntilStall(mock, looks), expected);
  });
}

test('readActivity() reports work, and undefined for a process that has ended', async () => {
  const before = await readActivity(process.pid);
  const after = await readActivity(process.pid); // the first call read files
  assert.notEqual(after?.work, before?.work);
  assert.equal(await readActivity(2 ** 30), undefined);
});
