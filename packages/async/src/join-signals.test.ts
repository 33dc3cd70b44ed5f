import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { describe, test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { joinSignals, longestTimerMs } from './join-signals.ts';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

describe('joinSignals()', () => {
  test('aborts with the reason of the first source, and with no later one', () => {
    const [first, second] = [new AbortController(), new AbortController()];
    using joined = joinSignals([first.signal, undefined, second.signal]);
    assert.equal(joined.signal.aborted, false);
    second.abort('second');
    first.abort('first');
    assert.equal(joined.signal.reason, 'second');
  });

  test('is aborted from the start when a source is', () => {
    using joined = joinSignals([undefined, AbortSignal.abort('before')], { timeoutMs: 1000 });
    assert.equal(joined.signal.reason, 'before');
  });

  test('aborts when the time is over, with an error as of AbortSignal.timeout or with one of ours', (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] });
    using plain = joinSignals([], { timeoutMs: 1000 });
    using named = joinSignals([], { timeoutMs: 1000, timeoutReason: () => 'too late' });
    t.mock.timers.tick(999);
    assert.equal(plain.signal.aborted, false);
    t.mock.timers.tick(1);
    assert.equal(plain.signal.reason.name, 'TimeoutError');
    assert.equal(named.signal.reason, 'too late');
  });

  test('has no limit after clearLimit(), and its sources still count', (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] });
    const source = new AbortController();
    using joined = joinSignals([source.signal], { timeoutMs: 1000 });
    joined.clearLimit();
    t.mock.timers.tick(2000);
    assert.equal(joined.signal.aborted, false);
    source.abort('source');
    assert.equal(joined.signal.reason, 'source');
  });

  test('leaves nothing at its sources and no timer once it is disposed', (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] });
    const source = new AbortController();
    const joined = joinSignals([source.signal], { timeoutMs: 1000 });
    joined[Symbol.dispose]();
    assert.equal(getEventListeners(source.signal, 'abort').length, 0);
    t.mock.timers.tick(2000);
    source.abort();
    assert.equal(joined.signal.aborted, false);
  });

  test('takes a limit that no timer can wait for as none', (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] });
    using joined = joinSignals([], { timeoutMs: longestTimerMs + 1 });
    t.mock.timers.tick(10);
    assert.equal(joined.signal.aborted, false);
  });

  test('keeps its limit although garbage is collected meanwhile', async () => {
    /** Nobody but the timer refers to what this joins. */
    const listen = (onTimeout: () => void) =>
      joinSignals([new AbortController().signal], { timeoutMs: 20 }).signal.addEventListener(
        'abort',
        onTimeout,
      );
    let hasEnded = false;
    listen(() => {
      hasEnded = true;
    });
    for (let round = 0; round < 100 && !hasEnded; round++) {
      collectGarbage();
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    assert.equal(hasEnded, true);
  });

  test('leaves nothing behind at a source that lives on, however often it is joined', () => {
    const source = new AbortController();
    for (let round = 0; round < 1000; round++) joinSignals([source.signal])[Symbol.dispose]();
    assert.equal(getEventListeners(source.signal, 'abort').length, 0);
  });
});
