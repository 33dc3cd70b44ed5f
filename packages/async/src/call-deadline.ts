/**
 * The time limit of one call, and the error to report when the call was stopped.
 */
import { joinSignals } from './join-signals.ts';

/** Limits one call. Dispose it when the call is over. */
export interface CallDeadline extends Disposable {
  /** Aborted with any of the signals, and when the time is over. */
  readonly signal: AbortSignal;
  /**
   * The error to throw for an error of the call: the reason of the signal that stopped it, the error of a timeout if it
   * was the time, else the error itself.
   */
  reasonFor(error: unknown): unknown;
  /** End the time limit; the signals still count. */
  clearLimit(): void;
}

/**
 * Start the time limit of a call.
 * @param timeoutMs 0 for no limit
 * @param signals the first one that is aborted gives the reason
 * @param timedOut makes the error of a timeout, with the error that it led to as its cause
 */
export function openCallDeadline(
  timeoutMs: number,
  signals: readonly (AbortSignal | undefined)[],
  timedOut: (cause: unknown) => Error,
): CallDeadline {
  // Made when it is needed: most calls end in time, and an error with its stack costs more than the rest of a deadline.
  let limitPassed: Error | undefined;
  const joined = joinSignals(signals, {
    timeoutMs: timeoutMs > 0 ? timeoutMs : undefined,
    timeoutReason() {
      limitPassed = new Error(`the call took more than ${timeoutMs} ms`);
      return limitPassed;
    },
  });
  const { signal } = joined;
  return {
    signal,
    reasonFor(error) {
      if (!signal.aborted) return error;
      return limitPassed !== undefined && signal.reason === limitPassed ? timedOut(error) : signal.reason;
    },
    clearLimit: joined.clearLimit,
    [Symbol.dispose]: joined[Symbol.dispose],
  };
}
