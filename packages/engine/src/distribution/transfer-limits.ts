/**
 * Limits of transfers from and to registries.
 */

/** Limits in force; see `TransferLimitOptions`. */
export interface TransferLimits {
  readonly maxConcurrentDownloads: number;
  readonly maxConcurrentUploads: number;
}

/** Limits that a program sets. */
export interface TransferLimitOptions {
  /** Layers of one plugin that are downloaded at once; default 3, as in Docker. */
  readonly maxConcurrentDownloads?: number | undefined;
  /** Blobs of one plugin that are uploaded at once; default 5, as in Docker. */
  readonly maxConcurrentUploads?: number | undefined;
}

/** Complete limits with the defaults. */
export function transferLimits(options: TransferLimitOptions = {}): TransferLimits {
  return {
    maxConcurrentDownloads: options.maxConcurrentDownloads ?? 3,
    maxConcurrentUploads: options.maxConcurrentUploads ?? 5,
  };
}
