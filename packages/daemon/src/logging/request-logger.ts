/**
 * Log records of requests: path and outcome, never query, headers or body, which may be secret.
 */
import { isOutboardError } from '@outboard/engine';
import type { Logger } from 'pino';
import type { RequestLog } from '../http/request-handler.ts';

const maxErrorLength = 1024;

/** Create the logger of requests: expected errors have their message, unexpected ones their stack. */
export function createRequestLogger(logger: Logger): (entry: RequestLog) => void {
  return ({ method, path, status, elapsedMs, error, expected }) => {
    const request = { method, path, status, ms: Math.round(elapsedMs) };
    if (error === undefined) logger.debug(request, 'request');
    else if (expected === true && isStorageFault(error))
      logger.error({ ...request, reason: reasonOf(error) }, 'request failed: the storage of this host');
    else if (expected === true) logger.info({ ...request, reason: reasonOf(error) }, 'request failed');
    else logger.error({ ...request, err: error }, 'request failed unexpectedly');
  };
}

/** The message of an error. If it includes output of a plugin, which may be secret, the details have a reason without it. */
function reasonOf(error: unknown): string {
  const reason = isOutboardError(error) ? error.details?.reason : undefined;
  if (typeof reason === 'string') return reason.slice(0, maxErrorLength);
  return (error instanceof Error ? error.message : String(error)).slice(0, maxErrorLength);
}

/** A disk that is full, read-only or broken: a fault of the host, which its operator must find in the log. */
function isStorageFault(error: unknown): boolean {
  return isOutboardError(error) && error.kind === 'system' && typeof error.details?.path === 'string';
}
