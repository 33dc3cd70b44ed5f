/**
 * Bounds how many pieces of one kind of work run at once; the others wait in order of arrival. A piece that runs for long
 * is waiting itself, not computing, perhaps for something that never happens: its place is given to the next one.
 */
import type { Cancellable } from './cancellable.ts';
import { onAbort } from './on-abort.ts';
import { withResolvers } from './with-resolvers.ts';

/** Admits a bounded number of pieces of work. */
export interface Limiter {
  /** Run `work` when there is a free place. @throws the signal's reason if it is aborted before that */
  run<Result>(work: () => Promise<Result>, options?: Cancellable): Promise<Result>;
}

/**
 * Start with all places free.
 * @param limit the number of places
 * @param placeMs time after which work goes on without a place, in milliseconds; default never
 */
export function createLimiter(limit: number, placeMs = Number.POSITIVE_INFINITY): Limiter {
  let running = 0;
  /** Each admits one waiting piece of work. */
  const waiters = new Set<() => void>();

  async function enter(signal: AbortSignal | undefined): Promise<void> {
    signal?.throwIfAborted();
    if (running < limit) {
      running += 1;
      return;
    }
    const { promise, resolve, reject } = withResolvers<void>();
    waiters.add(resolve);
    const stopListening = onAbort(signal, (reason) => {
      // False when it was admitted in this very turn: it has the place then, and uses it.
      if (waiters.delete(resolve)) reject(reason);
    });
    try {
      await promise;
    } finally {
      stopListening();
    }
  }

  function exit(): void {
    const [next] = waiters;
    // The place is handed on, so that no newcomer takes it first.
    if (next === undefined) {
      running -= 1;
      return;
    }
    waiters.delete(next);
    next();
  }

  return {
    async run(work, { signal } = {}) {
      await enter(signal);
      let hasPlace = true;
      const leave = (): void => {
        if (hasPlace) exit();
        hasPlace = false;
      };
      const timer = placeMs === Number.POSITIVE_INFINITY ? undefined : setTimeout(leave, placeMs);
      try {
        return await work();
      } finally {
        clearTimeout(timer);
        leave();
      }
    },
  };
}
