/**
 * The error of a failed call. Engines show its message to the operator.
 */

/** HTTP status of a failed call: 400 for a malformed request, 404 for an unknown call, 500 for other failures. */
export type FailureStatus = 400 | 404 | 405 | 413 | 500;

/** Options of `PluginError`. */
export interface PluginErrorOptions {
  /** Default 500. */
  readonly status?: FailureStatus | undefined;
  readonly cause?: unknown;
}

/**
 * An expected failure with its HTTP status. Drivers need not use it: any other error is answered with status 500 and
 * its message, and logged.
 */
export class PluginError extends Error {
  override readonly name = 'PluginError';
  readonly status: FailureStatus;

  /** @param message lower case, values quoted, no secrets: engines log it */
  constructor(message: string, options: PluginErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.status = options.status ?? 500;
  }
}

/** Message of any thrown value. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
