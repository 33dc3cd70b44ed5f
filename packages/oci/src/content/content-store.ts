/**
 * The contract of a content store: immutable blobs, named by their digest and verified before they become visible. A
 * blob is complete or absent; the bytes of an interrupted writer are never visible.
 */

import type { Readable } from 'node:stream';
import type { Cancellable } from '@outboard/async';
import type { Digest, DigestAlgorithm } from '../digests/digest.ts';

/** Presence of a blob in the store, and its size in bytes. */
export type BlobStatus = { readonly exists: true; readonly size: number } | { readonly exists: false };

/** A blob as an inspection found it: `damage` says what is wrong with it, and is absent for an intact one. */
export type InspectedBlob =
  | { readonly exists: true; readonly size: number; readonly damage?: string | undefined }
  | { readonly exists: false };

/** Digest and size in bytes of content, known before the content is trusted. */
export interface ExpectedContent {
  readonly digest: Digest;
  readonly size: number;
}

/** Settings of a read. */
export interface OpenContentOptions extends Cancellable {
  /**
   * True: the bytes of a chunk may change once the consumer has asked for two more, which saves processor time. Default false.
   */
  readonly reuseMemory?: boolean | undefined;
}

/**
 * Reads blobs, and verifies the digest on every read. A blob that was changed on disk is quarantined: it is absent from
 * then on, and can be stored again.
 */
export interface BlobReader {
  /** Look a blob up without verifying its content. */
  stat(digest: Digest): Promise<BlobStatus>;
  /** Look a blob up and verify its content. A damaged blob is quarantined and reported as absent. */
  verify(digest: Digest, options?: Cancellable): Promise<BlobStatus>;
  /** Look a blob up and verify its content, as `verify` does, but leave a damaged one where it is. */
  inspect(digest: Digest, options?: Cancellable): Promise<InspectedBlob>;
  /**
   * Open a blob for reading. The caller consumes or destroys the stream, which fails before its end when the blob is
   * damaged (system, code `damaged-blob`).
   * @throws {OutboardError} not-found
   */
  open(digest: Digest, options?: OpenContentOptions): Promise<Readable>;
  /**
   * Read a small blob whole, such as a manifest or a config.
   * @throws {OutboardError} not-found; invalid when it is larger than `maxBytes`; system, code `damaged-blob`
   */
  read(digest: Digest, options: { readonly maxBytes: number }): Promise<Buffer>;
}

/** Properties of a blob that are known before it is written. */
export interface IngestOptions {
  /** The algorithm to verify with; default that of `resume`, else sha256. */
  readonly algorithm?: DigestAlgorithm | undefined;
  /**
   * Digest of content that is fetched: what an earlier ingest of this digest and source left is continued, and what this
   * one leaves can be. One ingest at a time holds it; another one with the same digest begins with nothing, and leaves
   * nothing.
   */
  readonly resume?: Digest | undefined;
  /**
   * The place that the content is fetched from, such as the name of a repository. Bytes of another source are not continued,
   * so that one registry cannot spoil the downloads from another.
   */
  readonly source?: string | undefined;
  /** Bytes of the whole content. What does not fit beside the reserve of the file system is refused before any is written. */
  readonly expectedBytes?: number | undefined;
}

/**
 * One blob being written. Append in order, then commit; disposing before the commit discards every byte, unless the ingest
 * was opened with `resume`: then the bytes stay for the next one, if they are worth it.
 *
 *     await using ingest = await store.ingest();
 *     for await (const chunk of source) await ingest.append(chunk);
 *     await ingest.commit({ digest, size });
 */
export interface Ingest extends AsyncDisposable {
  /** Bytes appended so far, those of an earlier ingest included. */
  readonly size: number;
  /** Bytes that an earlier ingest left: the next ones to append follow them. */
  readonly resumedBytes: number;
  /** The sha256 of the bytes appended so far; more may follow. */
  digest(): Digest;
  /**
   * Append a chunk. Resolves when the store can take more (back-pressure); it may still be writing the chunk then, so
   * its bytes must not change until the commit.
   */
  append(chunk: Uint8Array): Promise<void>;
  /**
   * Read the content from its first byte while it is written, or after its commit. Ends when a commit has verified it, before
   * that is durable; fails when the ingest ends without one. Any number of readers, none of which holds up the writer.
   * @throws {OutboardError} system when the ingest was discarded or disposed before this was read
   */
  follow(options?: Cancellable): AsyncIterable<Buffer>;
  /**
   * Make the blob visible: verify, fsync, rename, fsync the directory. An existing blob is kept if it is intact, and
   * replaced if it is damaged.
   * @param expected digest and size to verify; without it the blob is named by its sha256
   * @returns the digest and size under which the blob is now readable
   * @throws {OutboardError} invalid when digest or size differ from `expected`; nothing is stored or left then
   */
  commit(expected?: ExpectedContent): Promise<ExpectedContent>;
  /** End, and drop every byte, also those that another ingest could continue. */
  discard(): Promise<void>;
}

/** Writes blobs. */
export interface BlobWriter {
  /** @throws {OutboardError} system, code `no-space`, when `expectedBytes` do not fit */
  ingest(options?: IngestOptions): Promise<Ingest>;
  /** Store bytes that are in memory; a shorthand for ingest, append, commit. */
  write(bytes: Uint8Array): Promise<ExpectedContent>;
}

/** Interrupted ingests that were removed, and their bytes. */
export interface RemovedIngests {
  readonly count: number;
  readonly bytes: number;
}

/** Protects content from garbage collection while an operation uses it; dispose to end the protection. */
export interface Lease extends AsyncDisposable {
  /** Protect one more blob, which need not exist yet. */
  add(digest: Digest): void;
}

/** Lists and deletes blobs, for garbage collection. */
export interface BlobCollector {
  /** List every blob, in no particular order. */
  walk(): AsyncIterable<ExpectedContent>;
  /**
   * Delete each blob for which `isReferenced` returns false and that no lease protects. Leases taken during the sweep
   * count.
   * @param among blobs to look at, which need not exist; default all
   * @returns the deleted blobs
   */
  sweep(
    isReferenced: (digest: Digest) => boolean,
    among?: Iterable<Digest>,
  ): Promise<readonly ExpectedContent[]>;
  /**
   * Remove what interrupted ingests left, unless one continues it now: what has not been written to for a time that the store
   * sets, and what is stored by now.
   * @param options.all remove the younger ones as well; default false
   */
  sweepIngests(options?: { readonly all?: boolean | undefined }): Promise<RemovedIngests>;
}

/** A whole content store. */
export interface ContentStore extends BlobReader, BlobWriter, BlobCollector {
  /** Open a lease that protects nothing yet. */
  lease(): Lease;
}
