/**
 * One blob being written to a file store. Chunks are gathered into large writes, because each write is a round trip to
 * the thread pool; a chunk is hashed while the chunks before it are being written.
 */
import { type FileHandle, open, rm } from 'node:fs/promises';
import type { Digest, DigestAlgorithm } from '../digests/digest.ts';
import { OutboardError } from '../errors/outboard-error.ts';
import { onStorage, storageError } from '../files/storage-error.ts';
import { ContentCheck } from './content-check.ts';
import type { ExpectedContent, Ingest } from './content-store.ts';

/** Bytes gathered before a write begins: a round trip to the thread pool costs as much as writing 64 KiB. */
const writeBytes = 1024 * 1024;
/** Bytes that may be pending before `append` waits for the disk. */
const maxWaitingBytes = 4 * 1024 * 1024;

/** Target and settings of one ingest. */
export interface FileIngestDeps {
  /** Path of the temporary file; must not exist. */
  readonly path: string;
  readonly algorithm: DigestAlgorithm;
  /** Called with the verified and flushed file; moves it into place or removes it. */
  readonly publish: (path: string, content: ExpectedContent) => Promise<void>;
}

/**
 * Start an ingest on a new file.
 * @throws {OutboardError} system
 */
export async function openFileIngest(options: FileIngestDeps): Promise<Ingest> {
  const file = await onStorage('create blob', options.path, () => open(options.path, 'wx', 0o600));
  return new FileIngest(options, file);
}

class FileIngest implements Ingest {
  readonly #options: FileIngestDeps;
  readonly #file: FileHandle;
  readonly #check: ContentCheck;
  #waiting: Uint8Array[] = [];
  #waitingBytes = 0;
  #writing: Promise<void> | undefined;
  #failure: OutboardError | undefined;
  #hasEnded = false;

  constructor(options: FileIngestDeps, file: FileHandle) {
    this.#options = options;
    this.#file = file;
    this.#check = new ContentCheck(options.algorithm);
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

  async commit(expected?: ExpectedContent): Promise<ExpectedContent> {
    this.#assertOpen();
    await this.#writing;
    await this.#write();
    await this.#throwFailure();
    try {
      const content = this.#check.verify(expected);
      await this.#flush();
      await this.#options.publish(this.#options.path, content);
      this.#hasEnded = true;
      return content;
    } catch (error) {
      await this[Symbol.asyncDispose]();
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#waiting = [];
    await this.#writing;
    await onStorage('drop blob', this.#options.path, async () => {
      await this.#file.close();
      await rm(this.#options.path, { force: true });
    });
  }

  /** Write until nothing is pending. Never rejects: the next call of the owner throws the failure. */
  async #write(): Promise<void> {
    try {
      while (this.#waiting.length > 0) {
        const chunks = this.#waiting;
        const bytes = this.#waitingBytes;
        this.#waiting = [];
        await writeAll(this.#file, chunks);
        this.#waitingBytes -= bytes;
      }
    } catch (cause) {
      this.#failure = storageError('write blob', this.#options.path, cause);
      this.#waitingBytes = 0;
    } finally {
      this.#writing = undefined;
    }
  }

  async #throwFailure(): Promise<void> {
    if (this.#failure === undefined) return;
    await this[Symbol.asyncDispose]();
    throw this.#failure;
  }

  async #flush(): Promise<void> {
    await onStorage('flush blob', this.#options.path, async () => {
      await this.#file.sync();
      await this.#file.close();
    });
  }

  #assertOpen(): void {
    if (this.#hasEnded)
      throw this.#failure ?? new OutboardError('system', 'this ingest has ended: open a new one');
  }
}

/** Write chunks at the end of a file; one writev(2) may write less than it was given. */
async function writeAll(file: FileHandle, chunks: readonly Uint8Array[]): Promise<void> {
  let rest = chunks;
  while (rest.length > 0) {
    const { bytesWritten } = await file.writev(rest);
    if (bytesWritten === 0) throw new Error('the file accepts no more bytes');
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
