/**
 * Waiting for work up to a time limit, without cancelling it.
 */
import type { Cancellable } from './cancellable.ts';
import { joinSignals } from './join-signals.ts';
import { resolveOnAbort } from './race-with-signal.ts';

/**
 * Wait until a promise is fulfilled or rejected, for a time at most. The timer keeps the process alive.
 *
 * The work goes on after the limit. Its result and its error stay with the owner of the promise; a rejection counts as
 * handled here.
 * @param options.signal ends the wait as the limit does
 * @returns false if the limit or the signal was first
 */
export async function settlesWithin(
  promise: Promise<unknown>,
  timeoutMs: number,
  options: Cancellable = {},
): Promise<boolean> {
  using limit = joinSignals([options.signal], { timeoutMs });
  const settled = promise.then(
    () => true,
    () => true,
  );
  return (await resolveOnAbort(settled, limit.signal)) === true;
}
