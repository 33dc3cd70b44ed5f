/**
 * The contract of the unpack jail: a child process that unpacks layers and has access to one staging directory only.
 */
import type { Cancellable } from '@outboard/async';
import type { Digest } from '@outboard/oci';

/** Limits for all layers of one jail. */
export interface UnpackLimits {
  /** Bytes of all unpacked content and headers; default 10 GiB. */
  readonly maxBytes: number;
  /** Entries over all layers; default 1,000,000. */
  readonly maxEntries: number;
  /**
   * Bytes of all layers as received; default 11 GiB. Empty compressed members unpack to nothing and are bounded by
   * this only.
   */
  readonly maxCompressedBytes: number;
  /** Bytes of the file system that stay free; default 512 MiB, or 5 % of a small file system. */
  readonly freeSpaceReserve?: number | undefined;
  /** CPU time of the child, for work that no other limit bounds; default 20 minutes. */
  readonly maxCpuSeconds: number;
}

/** An applied layer. */
export interface AppliedLayer {
  /** Digest of the uncompressed tar; absent unless requested. */
  readonly diffId?: Digest | undefined;
  readonly compression: 'none' | 'gzip' | 'zstd';
  readonly entries: number;
  /** Uncompressed bytes. */
  readonly size: number;
  /** Left out entries and attributes with the reason (filtered xattrs, foreign whiteouts). Bounded. */
  readonly warnings: readonly string[];
}

/** Options of `UnpackJail.apply`. */
export interface ApplyOptions extends Cancellable {
  /** Compute the diff ID, which takes a tenth of the total time; default true. */
  readonly diffId?: boolean | undefined;
}

/** Options of `UnpackJail.archive`. */
export interface ArchiveOptions extends Cancellable {
  /**
   * `digests`: in place of its content, a file holds the text `<size> <digest>`, or `error <code>` when the disk does not give
   * its content back, and ` linked` after it when the file has several names. Default `bytes`.
   */
  readonly contents?: 'bytes' | 'digests' | undefined;
}

/** A running jail. Dispose kills it; the unpacked tree stays for the caller to keep or delete. */
export interface UnpackJail extends AsyncDisposable {
  /**
   * Apply one layer on top of the previous ones. The compressed bytes are read once, in order.
   * @throws {OutboardError} invalid when the archive is malformed, hostile or beyond a limit; system on disk errors
   *   (ENOSPC and others)
   */
  apply(layer: AsyncIterable<Uint8Array>, options?: ApplyOptions): Promise<AppliedLayer>;
  /**
   * Archive the tree as the layers so far made it: a tar with sorted names, which holds no whiteouts. The same layers give
   * the same bytes. Read it to its end: a reader that stops ends the jail.
   * @throws {OutboardError} system on disk errors; invalid for paths beyond the kernel's limits
   */
  archive(options?: ArchiveOptions): AsyncIterable<Buffer>;
  /** Flush everything to disk (`syncfs`), then end the child. No layer can be applied afterwards. */
  finish(): Promise<void>;
}

/** Options of a jail. */
export interface UnpackJailOptions extends Cancellable {
  readonly limits?: Partial<UnpackLimits> | undefined;
  /** Time without any activity of the child after which it is killed as stalled; default one minute. */
  readonly stallMs?: number | undefined;
}

/**
 * Start a jail over an existing directory: an empty one to unpack into, or a tree to archive. Start it early: it gets ready
 * while the network is awaited.
 */
export type OpenUnpackJail = (directory: string, options?: UnpackJailOptions) => UnpackJail;
