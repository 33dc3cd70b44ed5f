/**
 * Metadata of files, and results of probes for them.
 */

/** Metadata of a file, as stat(2) reports it. */
export interface FileStatus {
  /** Type and permission bits. */
  readonly mode: number;
  /** Device number of a device node; 0 for other files. */
  readonly major: number;
  readonly minor: number;
  readonly uid: number;
  readonly gid: number;
}

/** Result of one probe. */
export type ProbeResult<Value> =
  | { readonly kind: 'found'; readonly value: Value }
  | { readonly kind: 'missing' }
  /** A parent is not a directory, or the file system is broken or does not answer. */
  | { readonly kind: 'unreachable'; readonly reason: string };
