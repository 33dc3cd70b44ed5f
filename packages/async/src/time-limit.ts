/**
 * Time limits that can be joined with other signals.
 */

/**
 * As `AbortSignal.timeout`, for `AbortSignal.any`: in Node.js 20 that keeps no hold on its sources, so that a time limit
 * which nobody else refers to is collected, and ends nothing any more.
 * @param limitMs as of `AbortSignal.timeout`; it does not keep a program alive
 */
export function timeLimit(limitMs: number): AbortSignal {
  const signal = AbortSignal.timeout(limitMs);
  // Node.js holds signals that somebody listens to.
  signal.addEventListener('abort', () => undefined, { once: true });
  return signal;
}
