/**
 * The error that a plugin answers a call with. Consumers show its message to the operator, so it should say what was wrong.
 */

/** HTTP status of a failed call: 400 for a request that makes no sense, 404 for an unknown call, 500 for all else. */
export type FailureStatus = 400 | 404 | 405 | 413 | 500;

/**
 * A failure with its HTTP status, and no surprise to the plugin. Drivers need not use it: any error that they throw is
 * answered with status 500 and its message, and logged.
 */
export class PluginError extends Error {
  override readonly name = 'PluginError';
  readonly status: FailureStatus;

  /** @param message lower case, values quoted; never a secret, for consumers log it */
  constructor(message: string, options: { readonly status?: FailureStatus; readonly cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.status = options.status ?? 500;
  }
}

/** The words of an error, whatever was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
