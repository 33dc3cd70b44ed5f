/**
 * How an error becomes an HTTP answer. The one place where an error's kind meets a status.
 */
import { type ErrorKind, isOutboardError } from '@outboard/engine';

const statusOfKind: Readonly<Record<ErrorKind, number>> = {
  invalid: 400,
  unauthorized: 401,
  forbidden: 403,
  'not-found': 404,
  conflict: 409,
  'not-implemented': 501,
  unavailable: 503,
  system: 500,
};

/** A refusal that only HTTP knows (too large, too slow, not routed), with its status. */
export class HttpError extends Error {
  override readonly name = 'HttpError';
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** What a client is told about an error. */
export interface ErrorAnswer {
  readonly status: number;
  readonly message: string;
  /** False for errors that nothing in the code foresaw: they are logged with their stack. */
  readonly expected: boolean;
}

/** The status and text for anything that was thrown. */
export function describeError(error: unknown): ErrorAnswer {
  if (error instanceof HttpError) return { status: error.status, message: error.message, expected: true };
  if (isOutboardError(error)) {
    return { status: statusOfKind[error.kind], message: error.message, expected: true };
  }
  if (isAbort(error)) return { status: 503, message: 'the operation was cancelled', expected: true };
  const reason = error instanceof Error ? error.message : String(error);
  return { status: 500, message: `internal error: ${reason}`, expected: false };
}

function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === 'AbortError';
}
