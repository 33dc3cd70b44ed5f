/**
 * What the log says about a request: its path and outcome, never its query, headers or body.
 */
import { isOutboardError } from '@outboard/engine';
import type { Logger } from 'pino';
import type { RequestLog } from '../http/request-handler.ts';

const maxErrorLength = 1024;

/** @returns a function that logs answers: foreseen errors as facts, unforeseen ones with their stack */
export function createRequestLogger(logger: Logger): (entry: RequestLog) => void {
  return ({ method, path, status, elapsedMs, error, expected }) => {
    const request = { method, path, status, ms: Math.round(elapsedMs) };
    if (error === undefined) logger.debug(request, 'request');
    else if (expected === true) logger.info({ ...request, reason: reasonOf(error) }, 'request failed');
    else logger.error({ ...request, err: error }, 'request failed unexpectedly');
  };
}

/** The message of an error. One that ends with a plugin's output, which may be secret, has it without in its details. */
function reasonOf(error: unknown): string {
  const reason = isOutboardError(error) ? error.details?.reason : undefined;
  if (typeof reason === 'string') return reason.slice(0, maxErrorLength);
  return (error instanceof Error ? error.message : String(error)).slice(0, maxErrorLength);
}
