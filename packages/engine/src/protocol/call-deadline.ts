/**
 * How long a call may take: the caller's signal and a time limit as one signal, and afterwards the word on which of
 * the two it was.
 */
import { OutboardError } from '@outboard/oci';

export interface CallDeadline {
  /** Aborts with the caller's signal, and when the time is over until `stop`. */
  readonly signal: AbortSignal;
  /**
   * What to throw for an error: the reason of the caller's abort or {OutboardError} unavailable, code
   * `plugin-timeout`, when that is what stopped the call; else the error.
   */
  reasonFor(error: unknown): unknown;
  /** End the time limit; the caller's signal still counts. */
  stop(): void;
}

/**
 * Start the clock of a call.
 * @param method for the message
 * @param timeoutMs 0 for no limit
 */
export function openCallDeadline(
  method: string,
  timeoutMs: number,
  signal: AbortSignal | undefined,
): CallDeadline {
  const timer = new AbortController();
  const timeout = timeoutMs > 0 ? setTimeout(() => timer.abort(), timeoutMs) : undefined;
  return {
    signal: signal === undefined ? timer.signal : AbortSignal.any([timer.signal, signal]),
    reasonFor(error) {
      if (signal?.aborted === true) return signal.reason;
      if (!timer.signal.aborted) return error;
      const message = `${method}: no answer from the plugin within ${timeoutMs / 1000} s`;
      return new OutboardError('unavailable', message, { code: 'plugin-timeout', cause: error });
    },
    stop() {
      clearTimeout(timeout);
    },
  };
}
