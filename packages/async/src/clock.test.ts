import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { describe, test } from 'node:test';
import { systemClock } from './clock.ts';

describe('systemClock', () => {
  test('now() is the time of day, and monotonicMs() counts milliseconds', (t) => {
    t.mock.timers.enable({ apis: ['Date'], now: 1000 });
    assert.equal(systemClock.now().getTime(), 1000);
    const before = systemClock.monotonicMs();
    assert.ok(systemClock.monotonicMs() >= before);
  });

  test('schedule() calls back once after its time, unless it is cancelled', (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] });
    const calls: string[] = [];
    const cancel = systemClock.schedule(1000, () => calls.push('kept'));
    systemClock.schedule(1000, () => calls.push('cancelled'))();
    t.mock.timers.tick(1000);
    cancel();
    t.mock.timers.tick(1000);
    assert.deepEqual(calls, ['kept']);
  });

  test('sleep() ends after its time', async (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] });
    const { signal } = new AbortController();
    const slept = systemClock.sleep(1000, { signal });
    t.mock.timers.tick(1000);
    await slept;
    assert.equal(getEventListeners(signal, 'abort').length, 0);
  });

  test('sleep() throws the reason of a signal that is aborted, before or meanwhile', async () => {
    const controller = new AbortController();
    const { signal } = controller;
    const slept = systemClock.sleep(1_000_000, { signal });
    controller.abort(new Error('stop'));
    await assert.rejects(slept, /^Error: stop$/);
    await assert.rejects(systemClock.sleep(1_000_000, { signal }), /^Error: stop$/);
  });
});
