/**
 * Chunks on their way from one writer to one reader of the same process, bounded by bytes. Unlike a stream of Node.js it
 * passes chunks on as they are: a stream joins what it has buffered, which copies every byte.
 */
import { type PromiseWithResolvers, withResolvers } from './with-resolvers.ts';

/** The queue: its writer calls `write` and `end`, its reader iterates over it once. */
export class ChunkQueue {
  readonly #maxBytes: number;
  #chunks: Uint8Array[] = [];
  #bytes = 0;
  #state: 'open' | 'ended' | 'closed' = 'open';
  /** Wait of the reader for a chunk or the end. */
  #filled: PromiseWithResolvers<void> | undefined;
  /** Wait of the writer for room. */
  #drained: PromiseWithResolvers<void> | undefined;

  /** @param maxBytes the writer waits when more are in the queue */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /**
   * Add a chunk; it is dropped when no one reads any more.
   * @returns a promise to wait for before the next chunk; undefined while there is room
   */
  write(chunk: Uint8Array): Promise<void> | undefined {
    if (this.#state !== 'open') return undefined;
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    this.#filled?.resolve();
    if (this.#bytes < this.#maxBytes) return undefined;
    this.#drained = withResolvers();
    return this.#drained.promise;
  }

  /** No chunk follows. */
  end(): void {
    if (this.#state === 'open') this.#state = 'ended';
    this.#filled?.resolve();
  }

  /** Drop the chunks; the reader's next step throws unless it had read all of them. */
  close(): void {
    const isRead = this.#state === 'ended' && this.#chunks.length === 0;
    if (!isRead) this.#state = 'closed';
    this.#chunks = [];
    this.#bytes = 0;
    this.#filled?.resolve();
    this.#drained?.resolve();
  }

  /** The chunks in order. Stopping early closes the queue. @throws {Error} when it was closed before its end */
  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer> {
    try {
      for (;;) {
        const chunk = this.#chunks.shift();
        if (chunk !== undefined) {
          this.#bytes -= chunk.length;
          if (this.#bytes < this.#maxBytes) this.#drained?.resolve();
          yield Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
        } else if (this.#state === 'ended') return;
        else if (this.#state === 'closed') throw new Error('the source of the chunks was closed');
        else {
          this.#filled = withResolvers();
          await this.#filled.promise;
        }
      }
    } finally {
      this.close();
    }
  }
}
