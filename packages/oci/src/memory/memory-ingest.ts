/**
 * An ingest of the content store in memory.
 */
import { type Cancellable, rejectOnAbort, withResolvers } from '@outboard/async';
import { ContentCheck } from '../content/content-check.ts';
import type { ExpectedContent, Ingest, IngestOptions } from '../content/content-store.ts';
import { type Digest, digestAlgorithm } from '../digests/digest.ts';
import { OutboardError } from '../errors/outboard-error.ts';

/** The remains of an interrupted ingest. */
export interface PartialBytes {
  readonly source: string;
  readonly chunks: readonly Buffer[];
}

/** The store's side of an ingest. */
export interface MemoryIngestDeps {
  /** The digest under which what is left can be continued. */
  readonly resumable: Digest | undefined;
  /** @throws {OutboardError} system, code `no-space` */
  readonly reserve: (bytes: number) => void;
  /** The ingest has ended. @param kept the chunks that another one may continue */
  readonly end: (kept: readonly Buffer[] | undefined) => void;
  readonly publish: (content: ExpectedContent, bytes: Buffer) => void;
}

/** One ingest; it keeps the contract of `Ingest`. */
export class MemoryIngest implements Ingest {
  readonly resumedBytes: number;
  readonly #deps: MemoryIngestDeps;
  readonly #check: ContentCheck;
  readonly #chunks: Buffer[];
  #state: 'open' | 'complete' | 'dropped' = 'open';
  #change = withResolvers<void>();

  /** @param start the chunks that an earlier ingest left */
  constructor({ algorithm, resume }: IngestOptions, start: readonly Buffer[], deps: MemoryIngestDeps) {
    this.#check = new ContentCheck(algorithm ?? (resume === undefined ? 'sha256' : digestAlgorithm(resume)));
    this.#chunks = [...start];
    for (const chunk of start) this.#check.update(chunk);
    this.resumedBytes = this.#check.size;
    this.#deps = deps;
  }

  /** The digest under which what is left can be continued. */
  get resumable(): Digest | undefined {
    return this.#deps.resumable;
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
      this.#end('dropped');
      throw error;
    }
    this.#chunks.push(Buffer.from(chunk));
    this.#check.update(chunk);
    this.#announce();
  }

  async *follow({ signal }: Cancellable = {}): AsyncGenerator<Buffer> {
    for (let index = 0; ; ) {
      const chunk = this.#chunks[index];
      if (chunk !== undefined) {
        index += 1;
        yield chunk;
      } else if (this.#state === 'complete') return;
      else if (this.#state === 'dropped') throw ended();
      else await rejectOnAbort(this.#change.promise, signal);
    }
  }

  async commit(expected?: ExpectedContent): Promise<ExpectedContent> {
    this.#assertOpen();
    try {
      const content = this.#check.verify(expected);
      this.#deps.publish(content, Buffer.concat(this.#chunks));
      this.#end('complete');
      return content;
    } finally {
      this.#end('dropped');
    }
  }

  async discard(): Promise<void> {
    this.#end('dropped');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#end('dropped', this.resumable === undefined ? undefined : [...this.#chunks]);
  }

  #end(state: 'complete' | 'dropped', kept?: readonly Buffer[]): void {
    if (this.#state !== 'open') return;
    this.#state = state;
    this.#deps.end(kept);
    this.#announce();
  }

  #announce(): void {
    this.#change.resolve();
    this.#change = withResolvers<void>();
  }

  #assertOpen(): void {
    if (this.#state !== 'open') throw ended();
  }
}

function ended(): OutboardError {
  return new OutboardError('system', 'this ingest has ended: open a new one');
}
