/**
 * A clock for tests that stands still until the test moves it.
 */
import { type Clock, sleepOn } from '../clock.ts';

/** A clock under the test's control. */
export interface FakeClock extends Clock {
  /** The duration of each `sleep` so far, in milliseconds. */
  readonly slept: readonly number[];
  /** The number of timers that have not fired, those of `sleep` included. */
  readonly waiting: number;
  /** Move on, and fire the timers that are due, in the order of their times. */
  advance(ms: number): void;
}

/** Options of `createFakeClock()`. */
export interface FakeClockOptions {
  /** The time at the start; default 2026-01-01T00:00:00Z. */
  readonly start?: Date | undefined;
  /** Let `sleep` return at once, without moving the clock; default false. */
  readonly skipsSleep?: boolean | undefined;
}

/** Make a clock. Its `monotonicMs` begins at 0. */
export function createFakeClock(options: FakeClockOptions = {}): FakeClock {
  const { start = new Date(Date.UTC(2026, 0, 1)), skipsSleep = false } = options;
  const timers = new Set<{ readonly atMs: number; readonly callback: () => void }>();
  const slept: number[] = [];
  let elapsedMs = 0;

  function schedule(ms: number, callback: () => void): () => void {
    const timer = { atMs: elapsedMs + ms, callback };
    timers.add(timer);
    return () => timers.delete(timer);
  }

  return {
    slept,
    get waiting() {
      return timers.size;
    },
    now: () => new Date(start.getTime() + elapsedMs),
    monotonicMs: () => elapsedMs,
    schedule,
    async sleep(ms, sleepOptions) {
      sleepOptions?.signal?.throwIfAborted();
      slept.push(ms);
      if (!skipsSleep) await sleepOn({ schedule }, ms, sleepOptions);
    },
    advance(ms) {
      const end = elapsedMs + ms;
      for (;;) {
        const [next] = [...timers].filter(({ atMs }) => atMs <= end).sort((a, b) => a.atMs - b.atMs);
        if (next === undefined) break;
        timers.delete(next);
        elapsedMs = Math.max(elapsedMs, next.atMs);
        next.callback();
      }
      elapsedMs = end;
    },
  };
}
