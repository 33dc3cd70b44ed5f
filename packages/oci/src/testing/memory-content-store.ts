/**
 * A content store in memory, for tests that need neither disk nor root. It keeps the whole contract, and can be given a
 * capacity and damaged on purpose.
 */

import { Readable } from 'node:stream';
import type { Cancellable } from '@outboard/async';
import { ContentCheck } from '../content/content-check.ts';
import type { BlobStatus, ContentStore, ExpectedContent, Ingest, Lease } from '../content/content-store.ts';
import { Leases } from '../content/leases.ts';
import { type Digest, type DigestAlgorithm, digestAlgorithm, digestOf } from '../digests/digest.ts';
import { OutboardError } from '../errors/outboard-error.ts';
import { storageError } from '../files/storage-error.ts';

/** Options of a store in memory. */
export interface MemoryContentStoreOptions {
  /** Bytes that the store takes, ingests included; beyond them writing fails with code `no-space`. Default: no limit. */
  readonly maxBytes?: number | undefined;
}

/** Create an empty store. */
export function createMemoryContentStore(options: MemoryContentStoreOptions = {}): MemoryContentStore {
  return new MemoryContentStore(options.maxBytes ?? Number.POSITIVE_INFINITY);
}

/** A content store whose state tests can see and damage. */
export class MemoryContentStore implements ContentStore {
  readonly #blobs = new Map<Digest, Buffer>();
  readonly #leases = new Leases();
  readonly #ingests = new Set<MemoryIngest>();
  readonly #maxBytes: number;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Ingests that were neither committed nor disposed. */
  get openIngests(): number {
    return this.#ingests.size;
  }

  /** Leases that were not disposed. */
  get openLeases(): number {
    return this.#leases.open;
  }

  /** The digest of every blob, in the order of their first commit. */
  get digests(): readonly Digest[] {
    return [...this.#blobs.keys()];
  }

  /** Replace the content of a blob, as a failing disk would. */
  damage(digest: Digest, bytes: Uint8Array = Buffer.from('damaged')): void {
    this.#blobs.set(digest, Buffer.from(bytes));
  }

  async stat(digest: Digest): Promise<BlobStatus> {
    const bytes = this.#blobs.get(digest);
    return bytes === undefined ? { exists: false } : { exists: true, size: bytes.length };
  }

  async verify(digest: Digest, options: Cancellable = {}): Promise<BlobStatus> {
    options.signal?.throwIfAborted();
    if (this.#isDamaged(digest)) this.#blobs.delete(digest);
    return await this.stat(digest);
  }

  async open(digest: Digest, options: Cancellable = {}): Promise<Readable> {
    options.signal?.throwIfAborted();
    const bytes = this.#find(digest);
    const chunks = (): readonly Buffer[] => {
      this.#refuseDamaged(digest);
      return bytes.length === 0 ? [] : [bytes];
    };
    async function* content(): AsyncGenerator<Buffer> {
      yield* chunks();
    }
    return Readable.from(content(), options);
  }

  async read(digest: Digest, options: { readonly maxBytes: number }): Promise<Buffer> {
    const bytes = this.#find(digest);
    if (bytes.length > options.maxBytes) {
      throw new OutboardError(
        'invalid',
        `blob ${digest} has ${bytes.length} bytes, at most ${options.maxBytes} are accepted`,
      );
    }
    this.#refuseDamaged(digest);
    return Buffer.from(bytes);
  }

  async ingest(options: { readonly algorithm?: DigestAlgorithm | undefined } = {}): Promise<Ingest> {
    const ingest = new MemoryIngest(options.algorithm ?? 'sha256', {
      reserve: (bytes) => this.#reserve(bytes),
      end: (ended) => this.#ingests.delete(ended),
      publish: ({ digest }, bytes) => {
        if (!this.#blobs.has(digest) || this.#isDamaged(digest)) this.#blobs.set(digest, bytes);
      },
    });
    this.#ingests.add(ingest);
    return ingest;
  }

  async write(bytes: Uint8Array): Promise<ExpectedContent> {
    await using ingest = await this.ingest();
    await ingest.append(bytes);
    return await ingest.commit();
  }

  async *walk(): AsyncGenerator<ExpectedContent> {
    for (const [digest, bytes] of [...this.#blobs]) yield { digest, size: bytes.length };
  }

  async sweep(isReferenced: (digest: Digest) => boolean): Promise<readonly ExpectedContent[]> {
    const removed: ExpectedContent[] = [];
    for (const [digest, { length: size }] of [...this.#blobs]) {
      if (this.#leases.protects(digest) || isReferenced(digest)) continue;
      if (this.#blobs.delete(digest)) removed.push({ digest, size });
    }
    return removed;
  }

  lease(): Lease {
    return this.#leases.acquire();
  }

  #reserve(bytes: number): void {
    const stored = [...this.#blobs.values()].reduce((sum, { length }) => sum + length, 0);
    const underWay = [...this.#ingests].reduce((sum, { size }) => sum + size, 0);
    if (stored + underWay + bytes <= this.#maxBytes) return;
    throw storageError('write blob', 'memory', Object.assign(new Error('no space'), { code: 'ENOSPC' }));
  }

  #find(digest: Digest): Buffer {
    const bytes = this.#blobs.get(digest);
    if (bytes !== undefined) return bytes;
    throw new OutboardError('not-found', `blob ${digest} is not in the content store`);
  }

  #isDamaged(digest: Digest): boolean {
    const bytes = this.#blobs.get(digest);
    return bytes !== undefined && digestOf(bytes, digestAlgorithm(digest)) !== digest;
  }

  /** A damaged blob leaves the store when it is read. */
  #refuseDamaged(digest: Digest): void {
    if (!this.#isDamaged(digest)) return;
    this.#blobs.delete(digest);
    throw new OutboardError('system', `blob ${digest} is damaged in the content store; it was removed`, {
      code: 'damaged-blob',
      details: { digest },
    });
  }
}

/** The store's side of an ingest. */
interface MemoryIngestDeps {
  /** @throws {OutboardError} system, code `no-space` */
  readonly reserve: (bytes: number) => void;
  readonly end: (ingest: MemoryIngest) => void;
  readonly publish: (content: ExpectedContent, bytes: Buffer) => void;
}

class MemoryIngest implements Ingest {
  readonly #deps: MemoryIngestDeps;
  readonly #check: ContentCheck;
  readonly #chunks: Buffer[] = [];
  #hasEnded = false;

  constructor(algorithm: DigestAlgorithm, deps: MemoryIngestDeps) {
    this.#check = new ContentCheck(algorithm);
    this.#deps = deps;
  }

  get size(): number {
    return this.#check.size;
  }

  digest(): Digest {
    return this.#check.digest();
  }

  async append(chunk: Uint8Array): Promise<void> {
    this.#assertOpen();
    try {
      this.#deps.reserve(chunk.length);
    } catch (error) {
      this.#end();
      throw error;
    }
    this.#chunks.push(Buffer.from(chunk));
    this.#check.update(chunk);
  }

  async commit(expected?: ExpectedContent): Promise<ExpectedContent> {
    this.#assertOpen();
    this.#end();
    const content = this.#check.verify(expected);
    this.#deps.publish(content, Buffer.concat(this.#chunks));
    return content;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#end();
  }

  #end(): void {
    this.#hasEnded = true;
    this.#deps.end(this);
  }

  #assertOpen(): void {
    if (this.#hasEnded) throw new OutboardError('system', 'this ingest has ended: open a new one');
  }
}
