/**
 * The contract of the unpack jail: a child process that can reach nothing but one staging directory.
 */
import type { Cancellable } from '@outboard/async';
import type { Digest } from '@outboard/oci';

/** Bounds on what an archive may unpack to. */
export interface UnpackLimits {
  /** Bytes of all unpacked content and headers; default 10 GiB. */
  readonly maxBytes: number;
  /** Entries over all layers; default 1,000,000. */
  readonly maxEntries: number;
  /** Bytes of all layers as they come, compressed or not; default 11 GiB. Compressed nothing takes bytes too. */
  readonly maxCompressedBytes: number;
  /** Processor time of it all, for what no count bounds; default 20 minutes. */
  readonly maxCpuSeconds: number;
}

/** What one applied layer turned out to be. */
export interface AppliedLayer {
  /** Digest of the uncompressed tar; absent when it was not asked for. */
  readonly diffId?: Digest | undefined;
  readonly compression: 'none' | 'gzip' | 'zstd';
  readonly entries: number;
  /** Uncompressed bytes. */
  readonly size: number;
  /** What was left out and why (filtered xattrs, foreign whiteouts). Bounded. */
  readonly warnings: readonly string[];
}

export interface ApplyOptions extends Cancellable {
  /** Compute the diff ID, which costs a tenth of the whole; default true. */
  readonly diffId?: boolean | undefined;
}

/** A running jail. Dispose kills it; what it unpacked stays for the caller to keep or delete. */
export interface UnpackJail extends AsyncDisposable {
  /**
   * Apply one layer on top of those before it. The compressed bytes are read once, in order.
   * @throws {OutboardError} invalid when the archive is malformed, hostile or beyond a limit; system on disk errors (ENOSPC and others)
   */
  apply(layer: AsyncIterable<Uint8Array>, options?: ApplyOptions): Promise<AppliedLayer>;
  /** Flush everything to disk (`syncfs`), then end the child. Nothing can be applied afterwards. */
  finish(): Promise<void>;
}

/** Options of a jail. */
export interface UnpackJailOptions extends Cancellable {
  readonly limits?: Partial<UnpackLimits> | undefined;
  /** Time without any activity of the child after which it is killed as stalled; default one minute. */
  readonly stallMs?: number | undefined;
}

/**
 * Start a jail over an existing, empty directory. Start it early: it gets ready while the network is awaited.
 */
export type OpenUnpackJail = (directory: string, options?: UnpackJailOptions) => UnpackJail;
