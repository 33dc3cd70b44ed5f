/**
 * Time and random numbers as values that are passed in, so that tests choose them.
 */
import type { Cancellable } from './cancellable.ts';
import { rejectOnAbort } from './race-with-signal.ts';
import { withResolvers } from './with-resolvers.ts';

/** The time of day, a stopwatch and timers. */
export interface Clock {
  /** Wall-clock time, which may be set back. For timestamps. */
  now(): Date;
  /** Milliseconds since an arbitrary moment, with fractions. They never go backwards. For durations and deadlines. */
  monotonicMs(): number;
  /**
   * Call back once after a time. The timer keeps the process alive.
   * @returns cancels the timer; harmless after it fired
   */
  schedule(ms: number, callback: () => void): () => void;
  /** Wait. The timer keeps the process alive. @throws the signal's reason once it is aborted */
  sleep(ms: number, options?: Cancellable): Promise<void>;
}

/** A random number from 0 to below 1, as `Math.random`. */
export type Random = () => number;

/** The clock of this machine. */
export const systemClock: Clock = {
  now: () => new Date(),
  monotonicMs: () => performance.now(),
  schedule(ms, callback) {
    const timer = setTimeout(callback, ms);
    return () => clearTimeout(timer);
  },
  sleep: (ms, options) => sleepOn(systemClock, ms, options),
};

/** `Clock.sleep` for a clock that has `schedule`. @throws the signal's reason once it is aborted */
export async function sleepOn(
  clock: Pick<Clock, 'schedule'>,
  ms: number,
  { signal }: Cancellable = {},
): Promise<void> {
  signal?.throwIfAborted();
  const { promise, resolve } = withResolvers<void>();
  const cancel = clock.schedule(ms, resolve);
  try {
    await rejectOnAbort(promise, signal);
  } finally {
    cancel();
  }
}
