/**
 * The limits of a plugin's calls through the gateway, out of its options.
 */
import { gatewayDefaults, type PluginOptions } from '@outboard/engine';
import type { CallQueueOptions } from './call-queue.ts';
import type { CircuitBreakerOptions } from './circuit-breaker.ts';

/** Limits of one plugin. */
export interface CallLimits {
  /** Time limit of most calls, in milliseconds. */
  readonly timeoutMs: number;
  /** Time limit of calls that may work on slow or remote storage. */
  readonly slowTimeoutMs: number;
  readonly maxRequestBytes: number;
  readonly maxAnswerBytes: number;
  readonly queue: CallQueueOptions;
  readonly breaker: CircuitBreakerOptions;
}

/** The limits by the options in force. */
export function callLimitsOf({ gateway }: Pick<PluginOptions, 'gateway'>): CallLimits {
  const limits = { ...gatewayDefaults, ...gateway };
  return {
    timeoutMs: limits.timeoutSeconds * 1000,
    slowTimeoutMs: limits.slowTimeoutSeconds * 1000,
    maxRequestBytes: limits.maxRequestBytes,
    maxAnswerBytes: limits.maxAnswerBytes,
    queue: { running: limits.maxCalls, waiting: limits.maxWaiting },
    breaker: { failures: limits.maxFailures, pauseMs: limits.pauseSeconds * 1000 },
  };
}
