/**
 * Bounds how much of one kind of work is done at a time; the rest waits in order of arrival.
 */

export interface Limiter {
  /** Run `work` when there is room. @throws the signal's reason when aborted while waiting */
  run<Result>(work: () => Promise<Result>, options: { readonly signal: AbortSignal }): Promise<Result>;
}

export function createLimiter(limit: number): Limiter {
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
      try {
        return await work();
      } finally {
        exit();
      }
    },
  };
}
