/**
 * A content store in memory, for tests that need neither disk nor root. It keeps the whole contract, and can be given a
 * capacity and damaged on purpose.
 */

import { Readable } from 'node:stream';
import type { Cancellable } from '@outboard/async';
import type {
  BlobStatus,
  ContentStore,
  ExpectedContent,
  Ingest,
  IngestOptions,
  InspectedBlob,
  Lease,
  RemovedIngests,
} from '../content/content-store.ts';
import { Leases } from '../content/leases.ts';
import { type Digest, digestAlgorithm, digestOf } from '../digests/digest.ts';
import { OutboardError } from '../errors/outboard-error.ts';
import { storageError } from '../files/storage-error.ts';
import { MemoryIngest, type PartialBytes } from './memory-ingest.ts';

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
  /** The remains of interrupted ingests. */
  readonly #partials = new Map<Digest, PartialBytes>();

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

  async inspect(digest: Digest, options: Cancellable = {}): Promise<InspectedBlob> {
    options.signal?.throwIfAborted();
    const status = await this.stat(digest);
    return status.exists && this.#isDamaged(digest) ? { ...status, damage: 'it holds other bytes' } : status;
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
    const stream = Readable.from(content(), options);
    // An abort may come before the consumer listens, as in the store of files.
    stream.on('error', () => undefined);
    return stream;
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

  async ingest(options: IngestOptions = {}): Promise<Ingest> {
    const { resume, source = '', expectedBytes = 0 } = options;
    const isHeld = [...this.#ingests].some((other) => other.resumable === resume);
    const resumable = isHeld ? undefined : resume;
    const left = resumable && this.#partials.get(resumable);
    if (resumable) this.#partials.delete(resumable);
    const start = left?.source === source ? left.chunks : [];
    this.#reserve(Math.max(0, expectedBytes - bytesOf(start)));
    const ingest: MemoryIngest = new MemoryIngest(options, start, {
      resumable,
      reserve: (bytes) => this.#reserve(bytes),
      end: (kept) => {
        this.#ingests.delete(ingest);
        if (kept !== undefined && resumable) this.#partials.set(resumable, { source, chunks: kept });
      },
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

  async sweep(
    isReferenced: (digest: Digest) => boolean,
    among?: Iterable<Digest>,
  ): Promise<readonly ExpectedContent[]> {
    const removed: ExpectedContent[] = [];
    for (const digest of among ?? [...this.#blobs.keys()]) {
      if (this.#leases.protects(digest) || isReferenced(digest)) continue;
      const size = this.#blobs.get(digest)?.length;
      if (size !== undefined && this.#blobs.delete(digest)) removed.push({ digest, size });
    }
    return removed;
  }

  async sweepIngests({ all = false }: { readonly all?: boolean | undefined } = {}): Promise<RemovedIngests> {
    let bytes = 0;
    let count = 0;
    for (const [digest, { chunks }] of this.#partials) {
      if (!all && !this.#blobs.has(digest)) continue;
      this.#partials.delete(digest);
      bytes += bytesOf(chunks);
      count += 1;
    }
    return { count, bytes };
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

function bytesOf(chunks: readonly Buffer[]): number {
  return chunks.reduce((sum, { length }) => sum + length, 0);
}
