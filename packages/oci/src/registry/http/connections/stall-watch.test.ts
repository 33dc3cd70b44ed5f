import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createFakeClock } from '@outboard/async/testing';
import { watchForStall } from './stall-watch.ts';

describe('watchForStall()', () => {
  function start() {
    const clock = createFakeClock({ skipsSleep: true });
    const stalls: string[] = [];
    const watch = watchForStall(clock, { windowMs: 1000, minBytes: 10 }, (error) =>
      stalls.push(error.message),
    );
    return { clock, stalls, watch };
  }

  it('R21 reports a window with too few bytes, once', () => {
    const { clock, stalls, watch } = start();
    watch.progress(9);
    clock.advance(1000);
    clock.advance(1000);
    assert.deepEqual(stalls, ['the transfer stalled: 9 bytes in 1 s, want at least 10']);
    assert.equal(clock.waiting, 0);
  });
  it('R21 checks each window separately: a fast start does not compensate for a slow end', () => {
    const { clock, stalls, watch } = start();
    watch.progress(1_000_000);
    clock.advance(1000);
    assert.equal(stalls.length, 0);
    watch.progress(1);
    clock.advance(1000);
    assert.equal(stalls.length, 1);
  });
  it('does not count while the receiver is full', () => {
    const { clock, stalls, watch } = start();
    watch.pause();
    clock.advance(5000);
    assert.equal(stalls.length, 0);
    watch.resume();
    clock.advance(1000);
    assert.equal(stalls.length, 1);
  });
  it('leaves no timer when stopped', () => {
    const { clock, watch } = start();
    watch.stop();
    assert.equal(clock.waiting, 0);
  });
});
