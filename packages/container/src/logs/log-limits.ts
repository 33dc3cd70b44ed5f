/**
 * How much of a plugin's output is kept.
 */
/** How much an operator wants to keep. */
export interface LogSizes {
  /** Of one file, in bytes. */
  readonly maxBytes: number;
  readonly maxFiles: number;
}

/** What the files of one log may take. */
export interface LogLimits {
  /** Linked files, the current one among them. */
  readonly maxFiles: number;
  /** At this size conmon begins a new file. */
  readonly maxFileBytes: number;
  /** All files together. */
  readonly maxTotalBytes: number;
}

/**
 * The limits of a log. All files together never take more than `maxBytes` times `maxFiles`; since one more than `maxFiles`
 * exists for the moment until the oldest is removed, each is a little smaller than `maxBytes`: 40 KiB at least, which conmon needs.
 */
export function logLimits({ maxBytes, maxFiles }: LogSizes): LogLimits {
  const maxFileBytes = Math.floor((maxBytes * maxFiles) / (maxFiles + 1));
  return { maxFiles, maxFileBytes, maxTotalBytes: maxFileBytes * maxFiles };
}
