/**
 * The contract of a content store: immutable blobs, named by their digest and verified before they become visible. A
 * blob is complete or absent; the bytes of an interrupted writer are never visible.
 */

import type { Readable } from 'node:stream';
import type { Cancellable } from '@outboard/async';
import type { Digest } from '../digests/digest.ts';

/** Presence of a blob in the store, and its size in bytes. */
export type BlobStatus = { readonly exists: true; readonly size: number } | { readonly exists: false };

/** Digest and size in bytes of content, known before the content is trusted. */
export interface ExpectedContent {
  readonly digest: Digest;
  readonly size: number;
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
  /**
   * Open a blob for reading. The caller consumes or destroys the stream, which fails before its end when the blob is
   * damaged (system, code `damaged-blob`).
   * @throws {OutboardError} not-found
   */
  open(digest: Digest, options?: Cancellable): Promise<Readable>;
  /**
   * Read a small blob whole, such as a manifest or a config.
   * @throws {OutboardError} not-found; invalid when it is larger than `maxBytes`; system, code `damaged-blob`
   */
  read(digest: Digest, options: { readonly maxBytes: number }): Promise<Buffer>;
}

/**
 * One blob being written. Append in order, then commit; disposing before the commit discards every byte.
 *
 *     await using ingest = await store.ingest();
 *     for await (const chunk of source) await ingest.append(chunk);
 *     await ingest.commit({ digest, size });
 */
export interface Ingest extends AsyncDisposable {
  /** Bytes appended so far. */
  readonly size: number;
  /** The sha256 of the bytes appended so far; more may follow. */
  digest(): Digest;
  /**
   * Append a chunk. Resolves when the store can take more (back-pressure); it may still be writing the chunk then, so
   * its bytes must not change until the commit.
   */
  append(chunk: Uint8Array): Promise<void>;
  /**
   * Make the blob visible: verify, fsync, rename, fsync the directory. An existing blob is kept if it is intact, and
   * replaced if it is damaged.
   * @param expected digest and size to verify; without it the blob is named by its sha256
   * @returns the digest and size under which the blob is now readable
   * @throws {OutboardError} invalid when digest or size differ from `expected`; nothing is stored then
   */
  commit(expected?: ExpectedContent): Promise<ExpectedContent>;
}

/** Writes blobs. */
export interface BlobWriter {
  /** @param options.algorithm the algorithm to verify with; default sha256 */
  ingest(options?: { readonly algorithm?: 'sha256' | 'sha512' | undefined }): Promise<Ingest>;
  /** Store bytes that are in memory; a shorthand for ingest, append, commit. */
  write(bytes: Uint8Array): Promise<ExpectedContent>;
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
   * @returns the deleted blobs
   */
  sweep(isReferenced: (digest: Digest) => boolean): Promise<readonly ExpectedContent[]>;
}

/** A whole content store. */
export interface ContentStore extends BlobReader, BlobWriter, BlobCollector {
  /** Open a lease that protects nothing yet. */
  lease(): Lease;
}
