/**
 * When a call is made once more, and after how long.
 * @see moby pkg/plugins/client.go, backoff and abort (28.x)
 */
import { isOutboardError } from '@outboard/oci';

export interface CallRetryOptions {
  /** Whether a call whose reply was lost may be sent again. */
  readonly idempotent: boolean;
  readonly delay: (ms: number, signal: AbortSignal) => Promise<void>;
  /** Milliseconds of a clock that never goes back. */
  readonly now: () => number;
  readonly signal: AbortSignal;
}

const limitMs = 30_000;

/** Docker's schedule: 1, 2, 4, 8 s and so on; it ends when the next wait would reach 30 s in all. */
export async function retryCall<T>(attempt: () => Promise<T>, options: CallRetryOptions): Promise<T> {
  const startedAt = options.now();
  for (let waitMs = 1000; ; waitMs *= 2) {
    options.signal.throwIfAborted();
    try {
      return await attempt();
    } catch (error) {
      const isOver = options.now() - startedAt + waitMs >= limitMs;
      if (options.signal.aborted || isOver || !isRetried(error, options.idempotent)) throw error;
    }
    await options.delay(waitMs, options.signal);
  }
}

/** Docker repeats every call whose reply was lost, and so mounts twice; here only calls that bear it are repeated. */
function isRetried(error: unknown, idempotent: boolean): boolean {
  if (!isOutboardError(error, 'unavailable')) return false;
  if (error.code === 'socket-missing' || error.code === 'socket-refused') return true;
  return idempotent && error.code === 'plugin-connection-lost';
}
