/**
 * Retries: which failures are transient, and how long to wait before the next attempt.
 */
import type { Clock, Random } from '@outboard/async';
import { OutboardError } from '../../../errors/outboard-error.ts';

/** Bounds on retries. */
export interface RetryPolicy {
  /** Attempts in all, the first one included. */
  readonly attempts: number;
  /** Wait before the second attempt, in milliseconds; doubled for each further one. */
  readonly baseDelayMs: number;
  /** Upper bound of a wait, also when the registry demands a longer one. */
  readonly maxDelayMs: number;
  /**
   * Upper bound of the time without progress, in milliseconds, summed over attempts and the waits that the registry
   * demanded: no further attempt begins after it.
   */
  readonly maxIdleMs: number;
}

/** Five attempts; waits of up to 0.25, 0.5, 1 and 2 s, up to 60 s on demand of the registry; 60 s without progress. */
export const defaultRetryPolicy: RetryPolicy = {
  attempts: 5,
  baseDelayMs: 250,
  maxDelayMs: 60_000,
  maxIdleMs: 60_000,
};

/** A failure after which a retry may succeed. Thrown to the retry loop, which reports `error` after the last attempt. */
export class TransientFailure extends Error {
  override readonly name = 'TransientFailure';
  /** The error to report after the last attempt. */
  readonly error: OutboardError;
  /** The wait that the registry demanded, in milliseconds. */
  readonly retryAfterMs: number | undefined;
  /** Time without progress before the failure, in milliseconds. */
  readonly idleMs: number;

  constructor(
    error: OutboardError,
    options: { readonly retryAfterMs?: number | undefined; readonly idleMs?: number } = {},
  ) {
    super(error.message, { cause: error });
    this.error = error;
    this.retryAfterMs = options.retryAfterMs;
    const stalledMs = error.details?.idleMs; // set by the error of a stall
    this.idleMs = Math.max(options.idleMs ?? 0, typeof stalledMs === 'number' ? stalledMs : 0);
  }
}

/** Request Timeout, Too Early (RFC 8470), Too Many Requests. */
const transientStatuses: ReadonlySet<number> = new Set([408, 425, 429]);

/** True for an HTTP status that may pass. */
export function isTransientStatus(status: number): boolean {
  return transientStatuses.has(status) || (status >= 500 && status !== 501 && status !== 505);
}

// Failures that a retry does not change, such as an unknown name or an invalid certificate.
const permanentCodes = new Set([
  'ENOTFOUND',
  'EADDRNOTAVAIL',
  'EACCES',
  'EPROTO',
  'CERT_HAS_EXPIRED',
  'CERT_NOT_YET_VALID',
  'CERT_REVOKED',
  'CERT_SIGNATURE_FAILURE',
  'CERT_UNTRUSTED',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'ERR_TLS_CERT_ALTNAME_INVALID',
  'ERR_TLS_CERT_ALTNAME_FORMAT',
  'HOSTNAME_MISMATCH',
  'INVALID_CA',
  'INVALID_PURPOSE',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'ERR_SSL_WRONG_VERSION_NUMBER',
  'ERR_SSL_PACKET_LENGTH_TOO_LONG',
  'UND_ERR_INVALID_ARG',
  'UND_ERR_REQ_CONTENT_LENGTH_MISMATCH',
  'UND_ERR_HEADERS_OVERFLOW',
]);

/** The `code` of a Node.js or undici error or of one of its causes. */
export function errorCode(error: unknown): string | undefined {
  for (let at = error, depth = 0; at instanceof Error && depth < 5; at = at.cause, depth++) {
    if ('code' in at && typeof at.code === 'string') return at.code;
  }
  return undefined;
}

/** True if a failed connection may succeed with a retry. */
export function isTransientFault(error: unknown): boolean {
  const code = errorCode(error);
  if (code === undefined) return false;
  return !permanentCodes.has(code) && !code.startsWith('HPE_');
}

/** True for an error that a peer sent by TLS, such as `bad certificate`. */
export function isTlsAlert(error: unknown): boolean {
  return /_ALERT_/.test(errorCode(error) ?? '');
}

/** True for the error of a refused certificate: the peer uses TLS. */
export function isCertificateFault(error: unknown): boolean {
  const code = errorCode(error) ?? '';
  return /CERT|^HOSTNAME_MISMATCH$|^INVALID_(?:CA|PURPOSE)$|^UNABLE_TO_/.test(code);
}

/**
 * Read a `Retry-After` header: seconds or an HTTP date.
 * @returns milliseconds from now, at least 0; undefined when absent or unreadable
 * @see RFC 9110, 10.2.3
 */
export function parseRetryAfter(value: string | undefined, now: number): number | undefined {
  if (value === undefined) return undefined;
  const text = value.trim();
  if (/^\d{1,15}$/.test(text)) return Number(text) * 1000;
  if (!/^[A-Za-z]{3,9},? /.test(text)) return undefined; // Date.parse also takes forms that are no HTTP dates
  const date = Date.parse(text);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}

/**
 * The wait before the next attempt: the registry's demand, or an exponential wait with jitter between half and all of
 * it.
 * @param attempt number of the failed attempt, from 1
 * @returns milliseconds; undefined when the registry demands more than the policy allows
 */
export function retryDelay(
  policy: RetryPolicy,
  attempt: number,
  retryAfterMs: number | undefined,
  random: number,
): number | undefined {
  if (retryAfterMs !== undefined) return retryAfterMs > policy.maxDelayMs ? undefined : retryAfterMs;
  const full = Math.min(policy.maxDelayMs, policy.baseDelayMs * 2 ** (attempt - 1));
  return full * (0.5 + random / 2);
}

/** Time and random numbers for the waits between tries. */
export interface RetryDeps {
  readonly clock: Pick<Clock, 'sleep'>;
  readonly random: Random;
}

/** Counts the attempts of one operation and waits between them. */
export interface Retries {
  /**
   * Handle a failure: wait before the next attempt, or throw the error for the caller. Errors other than
   * `TransientFailure` are thrown at once.
   */
  next(failure: unknown, signal?: AbortSignal): Promise<void>;
  /** Count from the start again, after progress. */
  reset(): void;
}

/** Start to count attempts. */
export function countRetries(policy: RetryPolicy, { clock, random }: RetryDeps): Retries {
  let attempt = 0;
  let idleMs = 0;
  return {
    async next(failure, signal) {
      signal?.throwIfAborted();
      if (!(failure instanceof TransientFailure)) throw failure;
      attempt += 1;
      idleMs += failure.idleMs;
      if (attempt >= policy.attempts) throw failure.error;
      if (idleMs >= policy.maxIdleMs) throw tooIdle(failure, attempt, idleMs);
      const wait = retryDelay(policy, attempt, failure.retryAfterMs, random());
      if (wait === undefined) throw tooLong(failure);
      if (failure.retryAfterMs !== undefined) idleMs += wait;
      await clock.sleep(wait, { signal });
    },
    reset() {
      attempt = 0;
      idleMs = 0;
    },
  };
}

function tooLong(failure: TransientFailure): OutboardError {
  const seconds = Math.ceil((failure.retryAfterMs ?? 0) / 1000);
  return new OutboardError(
    'unavailable',
    `${failure.error.message}; the registry asks to wait ${seconds} s`,
    {
      cause: failure.error,
    },
  );
}

function tooIdle({ error }: TransientFailure, attempts: number, idleMs: number): OutboardError {
  if (attempts === 1) return error;
  const seconds = Math.round(idleMs / 1000);
  return new OutboardError(
    error.kind,
    `${error.message}; gave up after ${attempts} tries and ${seconds} s without progress`,
    { cause: error, details: error.details },
  );
}

/**
 * Run work until it succeeds, fails permanently, or has no attempts left.
 * @param work called for each attempt; throws `TransientFailure` to be called again
 */
export async function withRetries<T>(
  policy: RetryPolicy,
  deps: RetryDeps,
  signal: AbortSignal | undefined,
  work: () => Promise<T>,
): Promise<T> {
  const retries = countRetries(policy, deps);
  for (;;) {
    signal?.throwIfAborted();
    try {
      return await work();
    } catch (failure) {
      await retries.next(failure, signal);
    }
  }
}
