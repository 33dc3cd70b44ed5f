/**
 * Exclusion: work under one key runs one after another in order of arrival, work under different keys in parallel.
 */
import { rejectOnAbort } from './race-with-signal.ts';

/** One queue for each key. A key without work takes no memory. */
export interface KeyedQueue {
  /**
   * Run `work` when everything that was queued earlier under `key` has ended. Its result or error is the caller's alone.
   *
   * @param signal gives up waiting for the turn; work that has begun must watch it itself
   * @throws the signal's reason if it is aborted before the turn
   */
  run<Result>(key: string, work: () => Promise<Result>, signal?: AbortSignal | undefined): Promise<Result>;
}

/** One queue. */
export interface SerialQueue {
  /** As `KeyedQueue.run`. */
  run<Result>(work: () => Promise<Result>, signal?: AbortSignal | undefined): Promise<Result>;
}

/** Start with nothing queued. */
export function createKeyedQueue(): KeyedQueue {
  /** The end of the last work of each key; never rejects. */
  const tails = new Map<string, Promise<void>>();

  async function run<Result>(
    key: string,
    work: () => Promise<Result>,
    signal?: AbortSignal | undefined,
  ): Promise<Result> {
    signal?.throwIfAborted();
    const before = tails.get(key) ?? Promise.resolve();
    const current = rejectOnAbort(before, signal).then(work);
    // Also `before`: the next one must not begin when this one gives up while the one before still runs.
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

/** Start with nothing queued. */
export function createSerialQueue(): SerialQueue {
  const queue = createKeyedQueue();
  return { run: (work, signal) => queue.run('', work, signal) };
}
