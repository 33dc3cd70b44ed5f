/**
 * Time as the registry client sees it. Injected, so that tests of stalls, expiry and back-off need no waiting.
 */
import { setTimeout as delay } from 'node:timers/promises';

/** A source of time, timers and chance. */
export interface Clock {
  /** Milliseconds since the Unix epoch. */
  now(): number;
  /**
   * Call back once after `ms` milliseconds.
   * @returns cancels the timer; harmless after it fired
   */
  schedule(ms: number, callback: () => void): () => void;
  /** Wait; rejects with the signal's reason when it aborts. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /** A number from 0 (included) to 1 (excluded), for jitter. */
  random(): number;
}

/** The clock of this machine. */
export const systemClock: Clock = {
  now: () => Date.now(),
  schedule(ms, callback) {
    const timer = setTimeout(callback, ms);
    return () => clearTimeout(timer);
  },
  async sleep(ms, signal) {
    try {
      await delay(ms, undefined, signal ? { signal } : {});
    } catch (error) {
      signal?.throwIfAborted(); // the reason of the abort, rather than Node's wrapper around it
      throw error;
    }
  },
  random: () => Math.random(),
};
