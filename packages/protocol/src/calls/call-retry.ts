/**
 * Retries of calls: which failures are retried, and after how long.
 * @see moby pkg/plugins/client.go, backoff and abort (28.x)
 */
import type { Clock } from '@outboard/async';
import { isOutboardError } from '@outboard/oci';

/** Options of one retried call. */
export interface RetryCallOptions {
  /** Permits a retry after a lost reply. */
  readonly idempotent: boolean;
  readonly signal: AbortSignal;
}

/** Time between and during attempts. */
export interface RetryCallDeps {
  readonly clock: Pick<Clock, 'monotonicMs' | 'sleep'>;
}

const limitMs = 30_000;

/** Retry by Docker's schedule: after 1, 2, 4, 8 s and so on, until the next wait would reach 30 s in total. */
export async function retryCall<T>(
  attempt: () => Promise<T>,
  { idempotent, signal }: RetryCallOptions,
  { clock }: RetryCallDeps,
): Promise<T> {
  const startedAt = clock.monotonicMs();
  for (let waitMs = 1000; ; waitMs *= 2) {
    signal.throwIfAborted();
    try {
      return await attempt();
    } catch (error) {
      const isOver = clock.monotonicMs() - startedAt + waitMs >= limitMs;
      if (signal.aborted || isOver || !isRetried(error, idempotent)) throw error;
    }
    await clock.sleep(waitMs, { signal });
  }
}

/**
 * Docker retries every call whose reply was lost, and so mounts a volume twice. Only calls that were never received
 * and idempotent calls are retried here.
 */
function isRetried(error: unknown, idempotent: boolean): boolean {
  if (!isOutboardError(error, 'unavailable')) return false;
  if (error.code === 'socket-missing' || error.code === 'socket-refused') return true;
  return idempotent && error.code === 'plugin-connection-lost';
}
