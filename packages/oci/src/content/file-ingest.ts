/**
 * One blob being written to a file store. Chunks are gathered into large writes, because each write is a round trip to
 * the thread pool; a chunk is hashed while the chunks before it are being written. Readers follow the file behind the writer.
 */
import type { FileHandle } from 'node:fs/promises';
import { rm } from 'node:fs/promises';
import { type Cancellable, rejectOnAbort, withResolvers } from '@outboard/async';
import type { Digest } from '../digests/digest.ts';
import { OutboardError } from '../errors/outboard-error.ts';
import { onStorage, storageError } from '../files/storage-error.ts';
import type { ContentCheck } from './content-check.ts';
import type { ExpectedContent, Ingest } from './content-store.ts';

/** Bytes gathered before a write begins: a round trip to the thread pool costs as much as writing 64 KiB. */
const writeBytes = 1024 * 1024;
/** Bytes that may be pending before `append` waits for the disk. */
const maxWaitingBytes = 4 * 1024 * 1024;
/** Bytes of one read behind the writer. */
const followBytes = 512 * 1024;
/** Bytes between two notes of what was flushed. */
const noteBytes = 64 * 1024 * 1024;

/** Keeps what an ingest leaves, for the next one. */
export interface KeepPartial {
  /** True if so many bytes are worth keeping. */
  isWorthKeeping(bytes: number): boolean;
  /** Note that the first bytes were flushed; called when they are. */
  noteFlushed(bytes: number): Promise<void>;
  /** The ingest has ended. @param isKept true when the file stays */
  release(isKept: boolean): Promise<void>;
}

/** Target and settings of one ingest. */
export interface FileIngestDeps {
  /** Path of the temporary file. */
  readonly path: string;
  /** That file, open for reading and writing; the ingest closes it. */
  readonly file: FileHandle;
  /** The check of the bytes that the file holds already. */
  readonly check: ContentCheck;
  /** Called before bytes are written. @throws {OutboardError} when they would take space that is to stay free */
  readonly requireSpace: (bytes: number) => Promise<void>;
  /** Called with the verified and flushed file; moves it into place or removes it. */
  readonly publish: (path: string, content: ExpectedContent) => Promise<void>;
  /** Absent: an ingest that is not committed leaves nothing. */
  readonly partial?: KeepPartial | undefined;
}

/** Bytes written between two looks at the free space. */
const spaceCheckBytes = 16 * 1024 * 1024;

/** An ingest into a file; see `Ingest`. */
export class FileIngest implements Ingest {
  readonly resumedBytes: number;
  readonly #deps: FileIngestDeps;
  readonly #check: ContentCheck;
  #waiting: Uint8Array[] = [];
  #waitingBytes = 0;
  /** Bytes in the file. */
  #written: number;
  #notedAt: number;
  #spaceCheckedAt = Number.NEGATIVE_INFINITY;
  #writing: Promise<void> | undefined;
  #failure: OutboardError | undefined;
  #hasEnded = false;
  #isDisposed = false;
  /** True once the content was verified. */
  #isComplete = false;
  /** Resolved when the file grows, and at the end. */
  #change = withResolvers<void>();
  /** The writer and the readers; the last one closes the file. */
  #users = 1;

  constructor(deps: FileIngestDeps) {
    this.#deps = deps;
    this.#check = deps.check;
    this.resumedBytes = deps.check.size;
    this.#written = deps.check.size;
    this.#notedAt = deps.check.size;
  }

  get size(): number {
    return this.#check.size;
  }

  digest(): Digest {
    return this.#check.digest();
  }

  async append(chunk: Uint8Array): Promise<void> {
    this.#assertOpen();
    if (chunk.length === 0) return;
    this.#waiting.push(chunk);
    this.#waitingBytes += chunk.length;
    if (this.#waitingBytes >= writeBytes) this.#writing ??= this.#write();
    // Hashed after the write was started, so that disk and CPU work in parallel.
    this.#check.update(chunk);
    while (this.#waitingBytes > maxWaitingBytes && this.#writing !== undefined) await this.#writing;
    await this.#throwFailure();
  }

  async *follow({ signal }: Cancellable = {}): AsyncGenerator<Buffer> {
    if (this.#users === 0) throw this.#ended();
    this.#users += 1;
    try {
      for (let at = 0; ; ) {
        const bytes = Math.min(followBytes, this.#written - at);
        if (bytes > 0) {
          const chunk = await this.#read(at, bytes);
          at += chunk.length;
          yield chunk;
        } else if (this.#isComplete) return;
        else if (this.#hasEnded) throw this.#ended();
        else await rejectOnAbort(this.#change.promise, signal);
      }
    } finally {
      await this.#leave();
    }
  }

  async commit(expected?: ExpectedContent): Promise<ExpectedContent> {
    this.#assertOpen();
    await this.#writing;
    await this.#write();
    await this.#throwFailure();
    try {
      const content = this.#check.verify(expected);
      this.#isComplete = true;
      this.#announce();
      await onStorage('flush blob', this.#deps.path, () => this.#deps.file.sync());
      await this.#deps.publish(this.#deps.path, content);
      this.#hasEnded = true;
      await this.#deps.partial?.release(false);
      return content;
    } catch (error) {
      await this.discard();
      throw error;
    }
  }

  async discard(): Promise<void> {
    await this.#end(false);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const isWorthKeeping = this.#deps.partial?.isWorthKeeping(this.size) === true;
    if (isWorthKeeping && !this.#hasEnded) {
      await this.#writing;
      await this.#write();
    }
    await this.#end(isWorthKeeping && this.#failure === undefined);
  }

  async #end(isKept: boolean): Promise<void> {
    if (this.#isDisposed) return;
    this.#isDisposed = true;
    const isCommitted = this.#hasEnded;
    this.#hasEnded = true;
    this.#waiting = [];
    await this.#writing;
    this.#announce();
    const { partial, path } = this.#deps;
    await onStorage('drop blob', path, async () => {
      if (!isCommitted) {
        if (isKept) await this.#note();
        else await rm(path, { force: true });
        await partial?.release(isKept);
      }
      await this.#leave();
    });
  }

  /** Write until nothing is pending. Never rejects: the next call of the owner throws the failure. */
  async #write(): Promise<void> {
    try {
      while (this.#waiting.length > 0) {
        const chunks = this.#waiting;
        const bytes = this.#waitingBytes;
        this.#waiting = [];
        await this.#requireSpace(bytes);
        await writeAll(this.#deps.file, chunks, this.#written);
        this.#waitingBytes -= bytes;
        this.#written += bytes;
        this.#announce();
        if (this.#deps.partial !== undefined && this.#written - this.#notedAt >= noteBytes)
          await this.#note();
      }
    } catch (cause) {
      this.#failure =
        cause instanceof OutboardError ? cause : storageError('write blob', this.#deps.path, cause);
      this.#waitingBytes = 0;
    } finally {
      this.#writing = undefined;
    }
  }

  async #requireSpace(bytes: number): Promise<void> {
    if (this.#written - this.#spaceCheckedAt < spaceCheckBytes) return;
    await this.#deps.requireSpace(bytes);
    this.#spaceCheckedAt = this.#written;
  }

  /** Flush what was written, and note that it was. */
  async #note(): Promise<void> {
    this.#notedAt = this.#written;
    await this.#deps.file.datasync();
    await this.#deps.partial?.noteFlushed(this.#notedAt);
  }

  async #read(at: number, bytes: number): Promise<Buffer> {
    const buffer = Buffer.allocUnsafe(bytes);
    const { bytesRead } = await onStorage('read blob', this.#deps.path, () =>
      this.#deps.file.read(buffer, 0, bytes, at),
    );
    if (bytesRead === 0) throw storageError('read blob', this.#deps.path, new Error('it was cut short'));
    return buffer.subarray(0, bytesRead);
  }

  #announce(): void {
    this.#change.resolve();
    this.#change = withResolvers<void>();
  }

  async #leave(): Promise<void> {
    this.#users -= 1;
    if (this.#users === 0) await this.#deps.file.close();
  }

  async #throwFailure(): Promise<void> {
    if (this.#failure === undefined) return;
    await this.discard();
    throw this.#failure;
  }

  #ended(): OutboardError {
    return this.#failure ?? new OutboardError('system', 'this ingest has ended: open a new one');
  }

  #assertOpen(): void {
    if (this.#hasEnded) throw this.#ended();
  }
}

/** Write chunks to a file; one writev(2) may write less than it was given. */
async function writeAll(file: FileHandle, chunks: readonly Uint8Array[], position: number): Promise<void> {
  let rest = chunks;
  for (let at = position; rest.length > 0; ) {
    const { bytesWritten } = await file.writev(rest, at);
    if (bytesWritten === 0) throw new Error('the file accepts no more bytes');
    at += bytesWritten;
    rest = withoutFirst(rest, bytesWritten);
  }
}

function withoutFirst(chunks: readonly Uint8Array[], bytes: number): readonly Uint8Array[] {
  let taken = bytes;
  for (const [index, chunk] of chunks.entries()) {
    if (taken < chunk.length) return [chunk.subarray(taken), ...chunks.slice(index + 1)];
    taken -= chunk.length;
  }
  return [];
}
