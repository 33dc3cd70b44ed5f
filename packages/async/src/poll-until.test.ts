import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pollUntil } from './poll-until.ts';
import { createFakeClock } from './testing/fake-clock.ts';

/** A clock that moves by every sleep. */
function movingClock() {
  const clock = createFakeClock();
  const sleeps: number[] = [];
  const sleep = async (ms: number): Promise<void> => {
    sleeps.push(ms);
    clock.advance(ms);
  };
  return { ...clock, sleep, sleeps };
}

test('pollUntil() checks at once, then at growing distances, until the condition holds', async () => {
  const clock = movingClock();
  let checks = 0;
  assert.equal(await pollUntil(() => ++checks === 9, { timeoutMs: 1000, clock }), true);
  assert.deepEqual(clock.sleeps, [1, 2, 4, 8, 16, 32, 50, 50]);
});

test('pollUntil() is false when the condition does not hold after the time limit', async () => {
  const clock = movingClock();
  const checkedAt: number[] = [];
  const check = async () => {
    checkedAt.push(clock.monotonicMs());
    return false;
  };
  assert.equal(await pollUntil(check, { timeoutMs: 10, clock }), false);
  assert.deepEqual(checkedAt, [0, 1, 3, 7, 15]);
});

test('pollUntil() throws the error of the check', async () => {
  const check = () => Promise.reject(new Error('cannot read'));
  await assert.rejects(pollUntil(check, { timeoutMs: 1000 }), /cannot read/);
});
