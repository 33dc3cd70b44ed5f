/**
 * How long a call may take: a time limit and the signals of those who may end it, as one signal, and afterwards the
 * word on which of them it was.
 */

export interface CallDeadline {
  /** Aborts with any of the signals, and when the time is over. */
  readonly signal: AbortSignal;
  /**
   * What to throw for an error: the reason of the signal that stopped the call, or the error of a timeout when it was
   * the time; else the error.
   */
  reasonFor(error: unknown): unknown;
  /** End the time limit; the signals still count. */
  liftLimit(): void;
  /** The call is over: let go of the signals, which may live on. */
  stop(): void;
}

/**
 * Start the clock of a call.
 * @param timeoutMs 0 for no limit
 * @param signals the first one that is aborted gives the reason
 * @param timedOut makes the error of a timeout, with the error that it led to as its cause
 */
export function openCallDeadline(
  timeoutMs: number,
  signals: readonly AbortSignal[],
  timedOut: (cause: unknown) => Error,
): CallDeadline {
  const controller = new AbortController();
  const abort = () => controller.abort();
  const findAborted = () => signals.find(({ aborted }) => aborted);
  // Not `AbortSignal.any`: in Node.js 20 each signal that it makes stays with a signal that lives long, for ever.
  for (const signal of signals) signal.addEventListener('abort', abort);
  if (findAborted() !== undefined) abort();
  const timeout = timeoutMs > 0 ? setTimeout(abort, timeoutMs) : undefined;
  const liftLimit = () => clearTimeout(timeout);
  return {
    signal: controller.signal,
    reasonFor(error) {
      const aborted = findAborted();
      if (aborted !== undefined) return aborted.reason;
      return controller.signal.aborted ? timedOut(error) : error;
    },
    liftLimit,
    stop() {
      liftLimit();
      for (const signal of signals) signal.removeEventListener('abort', abort);
    },
  };
}
