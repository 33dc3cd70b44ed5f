/**
 * The contract of a content store: blobs named by their digest, immutable, and verified before they
 * show. A blob is either wholly there or absent; what an interrupted writer left is never visible.
 */
import type { Readable } from 'node:stream';
import type { Digest } from '../digests/digest.ts';

/** Whether a blob is in the store, and how many bytes it has. */
export type BlobStatus = { readonly exists: true; readonly size: number } | { readonly exists: false };

/** What identifies content before it is trusted: its digest and its size in bytes. */
export interface ExpectedContent {
  readonly digest: Digest;
  readonly size: number;
}

/**
 * Reads blobs, and believes none: a blob is hashed whenever it is read. One that a disk or a hand has changed is set
 * aside, so that it is not there from then on, and can be stored anew.
 */
export interface BlobReader {
  /** Whether there is a file for a blob, whatever it holds. */
  stat(digest: Digest): Promise<BlobStatus>;
  /** Whether a blob is there and whole. A damaged one is set aside, and is not there. */
  verify(digest: Digest, options?: { readonly signal?: AbortSignal | undefined }): Promise<BlobStatus>;
  /**
   * Open a blob for reading. The caller consumes or destroys the stream, which fails before its end when the blob is
   * damaged (system, code `damaged-blob`).
   * @throws {OutboardError} not-found
   */
  open(digest: Digest, options?: { readonly signal?: AbortSignal | undefined }): Promise<Readable>;
  /**
   * Read a small blob whole, such as a manifest or a config.
   * @throws {OutboardError} not-found; invalid when it is larger than `maxBytes`; system, code `damaged-blob`
   */
  read(digest: Digest, options: { readonly maxBytes: number }): Promise<Buffer>;
}

/**
 * One blob being written. Append in order, then commit; disposing before the commit drops every byte.
 *
 *     await using ingest = await store.ingest();
 *     for await (const chunk of source) await ingest.append(chunk);
 *     await ingest.commit({ digest, size });
 */
export interface Ingest extends AsyncDisposable {
  /** Bytes appended so far. */
  readonly size: number;
  /** The sha256 of what was appended; reading it does not end the ingest. */
  digest(): Digest;
  /**
   * Resolves when the store can take more: await it to honour back-pressure. The store may still be
   * writing the chunk then: do not change its bytes until the commit.
   */
  append(chunk: Uint8Array): Promise<void>;
  /**
   * Make the blob visible: verify, fsync, rename, fsync the folder. A blob that exists already is left as it is if it is
   * whole, and replaced if not.
   * Without `expected` the blob is named by its sha256.
   * @returns the digest and size under which the blob is now readable
   * @throws {OutboardError} invalid when digest or size differ from `expected`; nothing is kept then
   */
  commit(expected?: ExpectedContent): Promise<ExpectedContent>;
}

/** Writes blobs. */
export interface BlobWriter {
  /** @param options.algorithm the algorithm to verify with; default sha256 */
  ingest(options?: { readonly algorithm?: 'sha256' | 'sha512' | undefined }): Promise<Ingest>;
  /** Store bytes that are at hand; a shorthand for ingest, append, commit. */
  write(bytes: Uint8Array): Promise<ExpectedContent>;
}

/** Content that must not be collected while an operation uses it; dispose to let go. */
export interface Lease extends AsyncDisposable {
  /** Protect one more blob, whether it exists yet or not. */
  add(digest: Digest): void;
}

/** Walks and deletes, for garbage collection. */
export interface BlobCollector {
  walk(): AsyncIterable<ExpectedContent>;
  /**
   * Delete each blob that `isReferenced` denies and no lease protects.
   * New leases taken during the sweep are honoured.
   * @returns what was deleted
   */
  sweep(isReferenced: (digest: Digest) => boolean): Promise<readonly ExpectedContent[]>;
}

/** A whole content store. */
export interface ContentStore extends BlobReader, BlobWriter, BlobCollector {
  lease(): Lease;
}
