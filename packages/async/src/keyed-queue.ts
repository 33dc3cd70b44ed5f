/**
 * Exclusion by key: work under one key runs one after another, in order of arrival; other keys are not held up.
 */

export interface KeyedQueue {
  /**
   * Run `work` once everything queued earlier under `key` has ended; its result or error is the caller's.
   * @param signal gives up waiting for a turn; work that has begun must watch it by itself
   */
  run<Result>(key: string, work: () => Promise<Result>, signal?: AbortSignal): Promise<Result>;
}

export function createKeyedQueue(): KeyedQueue {
  /** For each key, what the next one to come must wait for; it never rejects. */
  const tails = new Map<string, Promise<void>>();

  async function run<Result>(
    key: string,
    work: () => Promise<Result>,
    signal?: AbortSignal,
  ): Promise<Result> {
    signal?.throwIfAborted();
    const before = tails.get(key) ?? Promise.resolve();
    const current = unlessAborted(before, signal).then(work);
    // Whoever gives up waiting must not let the next one overtake the one that still runs.
    const tail = Promise.allSettled([before, current]).then(() => undefined);
    tails.set(key, tail);
    try {
      return await current;
    } finally {
      if (tails.get(key) === tail) tails.delete(key);
    }
  }

  return { run };
}

/** @throws the signal's reason when it is aborted before the turn has come */
async function unlessAborted(turn: Promise<void>, signal: AbortSignal | undefined): Promise<void> {
  if (signal === undefined) return turn;
  let stopListening = () => {};
  const aborted = new Promise<never>((_resolve, reject) => {
    const onAbort = () => reject(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    stopListening = () => signal.removeEventListener('abort', onAbort);
  });
  try {
    await Promise.race([turn, aborted]);
  } finally {
    stopListening();
  }
}
