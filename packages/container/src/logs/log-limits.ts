/**
 * Limits of log files.
 */
/** Sizes that the operator configured. */
export interface LogSizes {
  /** Size of one file, in bytes. */
  readonly maxBytes: number;
  readonly maxFiles: number;
}

/** Limits of the files of one log. */
export interface LogLimits {
  /** Number of linked files, the current one included. */
  readonly maxFiles: number;
  /** Size in bytes at which conmon starts a new file. */
  readonly maxFileBytes: number;
  /** Size of all files together, in bytes. */
  readonly maxTotalBytes: number;
}

/**
 * Compute the limits of a log. All files together never exceed `maxBytes` times `maxFiles`. Since one more than
 * `maxFiles` exists until the oldest is removed, each is a little smaller than `maxBytes`: at least 40 KiB, which
 * conmon needs.
 */
export function logLimits({ maxBytes, maxFiles }: LogSizes): LogLimits {
  const maxFileBytes = Math.floor((maxBytes * maxFiles) / (maxFiles + 1));
  return { maxFiles, maxFileBytes, maxTotalBytes: maxFileBytes * maxFiles };
}
