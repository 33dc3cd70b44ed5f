/**
 * A blob as a stream that ends only if size and digest match. Chunks are passed on as the socket delivers them, with one
 * update of the hash each; a broken connection is replaced without an error for the reader.
 */
import { Readable } from 'node:stream';
import type { Clock } from '@outboard/async';
import { createDigester, type Digester, digestAlgorithm } from '../../../digests/digest.ts';
import { OutboardError } from '../../../errors/outboard-error.ts';
import type { Descriptor } from '../../../manifests/descriptor.ts';
import { type StallLimits, type StallWatch, watchForStall } from '../connections/stall-watch.ts';
import { type Retries, TransientFailure } from '../failures/retry.ts';
import type { BlobPart, BlobSource } from './blob-source.ts';

/** Chunks buffered between network and reader; a socket gives 64 KiB at most. */
const bufferedChunks = 16;
/** After this many bytes from one connection the attempts are counted from the start again. */
const progressBytes = 1024 * 1024;

/** Parts of a verified blob. */
export interface VerifiedBlobDeps {
  readonly descriptor: Descriptor;
  readonly source: BlobSource;
  /** The response to the first request. */
  readonly first: BlobPart;
  /** Offset of that request. */
  readonly offset: number;
  readonly retries: Retries;
  readonly clock: Clock;
  readonly stallLimits: StallLimits;
  /** Aborted when the stream is destroyed; ends the current request. */
  readonly controller: AbortController;
  /** False: only the size is compared. */
  readonly verify: boolean;
  /** See `OpenBlobOptions`. */
  readonly onResume?: ((offset: number) => void) | undefined;
  /** See `FetchBlobOptions`. */
  readonly mayDiffer?: (() => boolean) | undefined;
}

/** A verified blob. Emits `end` after the last verified byte, or `error` before it. */
export class VerifiedBlob extends Readable {
  readonly #options: VerifiedBlobDeps;
  readonly #digester: Digester | undefined;
  #part: BlobPart | undefined;
  #watch: StallWatch | undefined;
  /** Bytes hashed and passed on, with those before the first request. */
  #offset: number;
  /** True once a broken connection was replaced. */
  #wasResumed = false;
  #skip = 0;
  /** Offset at which the current connection began. */
  #partStart = 0;

  constructor(options: VerifiedBlobDeps) {
    // In object mode the reader gets the chunks unchanged; a byte stream would concatenate buffered chunks by copying.
    super({ objectMode: true, highWaterMark: bufferedChunks });
    this.#options = options;
    this.#offset = options.offset;
    if (options.verify) this.#digester = createDigester(digestAlgorithm(options.descriptor.digest));
    this.#attach(options.first);
  }

  override _read(): void {
    if (this.#part?.body.isPaused()) {
      this.#part.body.resume();
      this.#watch?.resume();
    }
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#options.controller.abort(error ?? new OutboardError('unavailable', 'the reader of the blob left'));
    this.#detach()?.body.destroy();
    callback(error);
  }

  #attach(part: BlobPart): void {
    const { clock, stallLimits, descriptor } = this.#options;
    this.#part = part;
    this.#skip = part.skip;
    this.#partStart = this.#offset;
    const where = () =>
      `the transfer of ${descriptor.digest} from ${part.host}, after ${this.#offset} of ${descriptor.size} bytes,`;
    this.#watch = watchForStall(clock, stallLimits, (error) => part.body.destroy(error), where);
    part.body
      .on('data', (chunk: Buffer) => this.#onChunk(part, chunk)) // no encoding is set: chunks are buffers
      .on('end', () => this.#onEnd(part))
      .on('error', (error) => this.#onBreak(part, part.explain(error)));
    if (this.readableLength >= bufferedChunks) this.#pause(part);
  }

  /** Detach from the current connection; later events of it are ignored. */
  #detach(): BlobPart | undefined {
    const part = this.#part;
    this.#part = undefined;
    this.#watch?.stop();
    this.#watch = undefined;
    return part;
  }

  #pause(part: BlobPart): void {
    part.body.pause();
    this.#watch?.pause();
  }

  #onChunk(part: BlobPart, chunk: Buffer): void {
    if (this.#part !== part) return;
    this.#watch?.progress(chunk.length);
    const wanted = this.#dropSkipped(chunk);
    if (wanted.length === 0) return;
    const { descriptor } = this.#options;
    if (this.#offset + wanted.length > descriptor.size) {
      this.destroy(
        new OutboardError('invalid', `${descriptor.digest} is larger than ${descriptor.size} bytes`),
      );
      return;
    }
    this.#offset += wanted.length;
    this.#digester?.update(wanted);
    if (!this.push(wanted)) this.#pause(part);
  }

  #dropSkipped(chunk: Buffer): Buffer {
    if (this.#skip === 0) return chunk;
    const dropped = Math.min(this.#skip, chunk.length);
    this.#skip -= dropped;
    return chunk.subarray(dropped);
  }

  #onEnd(part: BlobPart): void {
    if (this.#part !== part) return;
    const { descriptor } = this.#options;
    const { digest, size } = descriptor;
    const cut = new OutboardError(
      'unavailable',
      `${digest} broke off after ${this.#offset} of ${size} bytes`,
    );
    this.#onBreak(part, new TransientFailure(cut));
  }

  #onBreak(part: BlobPart, failure: unknown): void {
    if (this.#part !== part) return;
    this.#detach();
    part.body.destroy();
    if (this.#offset === this.#options.descriptor.size) this.#finish();
    else void this.#resume(failure); // never rejects: a failure destroys the stream
  }

  async #resume(first: unknown): Promise<void> {
    const { source, retries, controller } = this.#options;
    if (this.#offset - this.#partStart >= progressBytes) retries.reset();
    for (let failure = first; ; ) {
      try {
        await retries.next(failure, controller.signal);
      } catch (error) {
        this.destroy(toError(error));
        return;
      }
      try {
        const part = await source.open(this.#offset, controller.signal);
        this.#wasResumed ||= this.#offset > 0;
        this.#options.onResume?.(this.#offset);
        if (this.destroyed) part.body.destroy();
        else this.#attach(part);
        return;
      } catch (error) {
        failure = error;
      }
    }
  }

  #finish(): void {
    const { digest } = this.#options.descriptor;
    const actual = this.#digester?.digest();
    if (actual === undefined || actual === digest) {
      this.push(null);
      return;
    }
    this.destroy(
      new OutboardError('invalid', `content has digest ${actual}, want ${digest}`, {
        code: this.#wasResumed || this.#options.mayDiffer?.() ? 'content-changed' : undefined,
        details: { expected: digest, actual },
      }),
    );
  }
}

function toError(error: unknown): Error {
  return error instanceof Error ? error : new OutboardError('unavailable', String(error));
}
