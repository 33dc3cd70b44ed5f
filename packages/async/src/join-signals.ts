/**
 * Several signals and a time limit as one signal. In place of `AbortSignal.any` and `AbortSignal.timeout`, for two faults
 * of Node.js 20: each signal that `any` makes stays with its sources for as long as they live, and a time limit that only
 * `any` refers to may be collected, and then never ends anything.
 */
import { onAbort } from './on-abort.ts';

/** A signal that depends on others. Dispose it when the work ends, so that the sources and the timer forget it. */
export interface JoinedSignal extends Disposable {
  /** Aborted with the reason of the first source, or with that of the time limit. */
  readonly signal: AbortSignal;
  /** End the time limit; the sources still count. */
  clearLimit(): void;
}

/** Options of `joinSignals()`. */
export interface TimeLimit {
  /** Time limit in milliseconds, whose timer keeps the process alive; default none. */
  readonly timeoutMs?: number | undefined;
  /** Makes the reason of the time limit; default the `TimeoutError` of `AbortSignal.timeout`. */
  readonly timeoutReason?: (() => unknown) | undefined;
}

/** The longest time that a timer of Node.js waits, about 24.8 days; it takes a longer one for 1 ms. */
export const longestTimerMs = 2 ** 31 - 1;

/**
 * Join signals. The first reason wins.
 * @param sources may hold undefined, which counts for nothing
 */
export function joinSignals(
  sources: readonly (AbortSignal | undefined)[],
  options: TimeLimit = {},
): JoinedSignal {
  const { timeoutMs, timeoutReason = timeoutError } = options;
  const controller = new AbortController();
  const stops = sources.map((source) => onAbort(source, (reason) => controller.abort(reason)));
  const timer =
    timeoutMs === undefined || timeoutMs > longestTimerMs
      ? undefined
      : setTimeout(() => controller.abort(timeoutReason()), timeoutMs);
  const clearLimit = (): void => clearTimeout(timer);
  return {
    signal: controller.signal,
    clearLimit,
    [Symbol.dispose]() {
      clearLimit();
      for (const stop of stops) stop();
    },
  };
}

function timeoutError(): DOMException {
  return new DOMException('The operation was aborted due to timeout', 'TimeoutError');
}
