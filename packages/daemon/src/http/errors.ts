/**
 * Errors as HTTP responses. The only table from kinds of errors to statuses.
 */
import { type ErrorKind, isOutboardError } from '@outboard/engine';
import { describeSystemError } from '@outboard/oci';

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

/** An error that exists in HTTP only (body too large, client too slow, no route), with its status. */
export class HttpError extends Error {
  override readonly name = 'HttpError';
  readonly status: number;
  readonly retryAfterSeconds: number | undefined;

  /** @param options.retryAfterSeconds for a client that may succeed later */
  constructor(
    status: number,
    message: string,
    { retryAfterSeconds }: { readonly retryAfterSeconds?: number | undefined } = {},
  ) {
    super(message);
    this.status = status;
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

/** An error as the client gets it. */
export interface ErrorAnswer {
  readonly status: number;
  readonly message: string;
  /** For a client that may succeed later. */
  readonly retryAfterSeconds?: number | undefined;
  /** False for an error of no known class, which is logged with its stack. */
  readonly expected: boolean;
}

/** Status and text of any thrown value. */
export function describeError(error: unknown): ErrorAnswer {
  if (error instanceof HttpError) {
    const { status, message, retryAfterSeconds } = error;
    return { status, message, retryAfterSeconds, expected: true };
  }
  if (isOutboardError(error)) {
    return { status: statusOfKind[error.kind], message: error.message, expected: true };
  }
  if (isAbort(error)) return { status: 503, message: 'the operation was cancelled', expected: true };
  const reason = describeSystemError(error) ?? (error instanceof Error ? error.message : String(error));
  return { status: 500, message: `internal error: ${reason}`, expected: false };
}

function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === 'AbortError';
}
