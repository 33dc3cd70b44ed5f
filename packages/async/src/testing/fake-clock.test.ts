import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createFakeClock } from './fake-clock.ts';

describe('createFakeClock()', () => {
  test('moves only when it is told to, and both of its times together', () => {
    const clock = createFakeClock({ start: new Date(5000) });
    assert.deepEqual([clock.now().getTime(), clock.monotonicMs()], [5000, 0]);
    clock.advance(1500);
    assert.deepEqual([clock.now().getTime(), clock.monotonicMs()], [6500, 1500]);
  });

  test('fires timers in the order of their times, each at its own time', () => {
    const clock = createFakeClock();
    const fired: [string, number][] = [];
    const note = (name: string) => () => fired.push([name, clock.monotonicMs()]);
    clock.schedule(200, note('second'));
    clock.schedule(100, () => {
      note('first')();
      clock.schedule(50, note('made by the first'));
    });
    clock.schedule(100, note('cancelled'))();
    clock.schedule(301, note('not due'));
    clock.advance(300);
    assert.deepEqual(fired, [
      ['first', 100],
      ['made by the first', 150],
      ['second', 200],
    ]);
    assert.equal(clock.waiting, 1);
  });

  test('sleep() waits for the clock, or for its signal', async () => {
    const clock = createFakeClock();
    const controller = new AbortController();
    const slept = clock.sleep(100);
    const aborted = clock.sleep(200, { signal: controller.signal });
    clock.advance(100);
    await slept;
    controller.abort(new Error('stop'));
    await assert.rejects(aborted, /stop/);
    assert.deepEqual(clock.slept, [100, 200]);
    assert.equal(clock.waiting, 0);
  });

  test('sleep() returns at once, and is noted, when sleeping is skipped', async () => {
    const clock = createFakeClock({ skipsSleep: true });
    await clock.sleep(100);
    assert.deepEqual([clock.slept, clock.monotonicMs()], [[100], 0]);
    await assert.rejects(clock.sleep(1, { signal: AbortSignal.abort(new Error('stop')) }), /stop/);
  });
});
