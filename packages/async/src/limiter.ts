/**
 * Bounds how much of one kind of work is done at a time; the rest waits in order of arrival. Work that takes long does
 * not take the processors' time but waits itself, for something that may never come: its place is given to the next.
 */

export interface Limiter {
  /** Run `work` when there is room. @throws the signal's reason when aborted while waiting */
  run<Result>(work: () => Promise<Result>, options: { readonly signal: AbortSignal }): Promise<Result>;
}

/** @param placeMs after how long work goes on without a place, in milliseconds; default never */
export function createLimiter(limit: number, placeMs = Number.POSITIVE_INFINITY): Limiter {
  let running = 0;
  const waiting = new Set<() => void>();

  async function enter(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (running < limit) {
      running += 1;
      return;
    }
    await new Promise<void>((resolve, reject) => {
      const admit = (): void => {
        signal.removeEventListener('abort', leave);
        resolve();
      };
      const leave = (): void => {
        waiting.delete(admit);
        reject(signal.reason);
      };
      waiting.add(admit);
      signal.addEventListener('abort', leave, { once: true });
    });
  }

  function exit(): void {
    const [next] = waiting;
    // The place is handed on, so that no newcomer takes it in between.
    if (next === undefined) {
      running -= 1;
      return;
    }
    waiting.delete(next);
    next();
  }

  return {
    async run(work, { signal }) {
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
