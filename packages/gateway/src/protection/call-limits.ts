/**
 * The limits of a plugin's calls through the gateway: their defaults, and the choice of a call's time limit.
 */
import type { CallQueueOptions } from './call-queue.ts';
import type { CircuitBreakerOptions } from './circuit-breaker.ts';

/** Limits of one plugin. */
export interface CallLimits {
  /** Time limit of most calls, in milliseconds; 0 for none. */
  readonly timeoutMs: number;
  /** Time limit of calls that may work on slow or remote storage. */
  readonly slowTimeoutMs: number;
  readonly maxRequestBytes: number;
  readonly maxAnswerBytes: number;
  readonly queue: CallQueueOptions;
  readonly breaker: CircuitBreakerOptions;
}
