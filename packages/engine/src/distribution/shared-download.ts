/**
 * One download of a blob for all operations that want it. It ends with the last of them, and what it has by then is continued by
 * the next download. When the registry of one operation fails, that of the next one goes on where it ended.
 */
import { type Clock, onAbort, rejectOnAbort, withResolvers } from '@outboard/async';
import {
  type ContentStore,
  type Descriptor,
  type Ingest,
  isOutboardError,
  OutboardError,
} from '@outboard/oci';
import type { BlobDownload, BlobRequest } from './blob-download.ts';

/** Parts of a download. */
export interface SharedDownloadDeps {
  readonly content: ContentStore;
  readonly clock: Pick<Clock, 'schedule'>;
  /** Called when no further operation may join. */
  readonly onEnd: () => void;
  /** Called when the content was wrong, and more than one repository has sent it or would have. */
  readonly onDispute: () => void;
}

/** An operation that waits for the blob. */
interface Share {
  readonly request: BlobRequest;
  readonly settled: ReturnType<typeof withResolvers<void>>;
  readonly listeners: Set<(bytes: number) => void>;
  /** True once its registry was asked. */
  wasAsked: boolean;
}

/** The use of one share's registry. */
interface Turn {
  readonly share: Share;
  readonly controller: AbortController;
  /** True if it ended because its registry was slow. */
  isOver: boolean;
}

/** A registry that sends less in this time is left for another one that waits, once. */
const slowMs = 10_000;
const slowBytes = 1024 * 1024;

/** The download of one blob. It begins with the first share. */
export class SharedDownload {
  readonly #blob: Descriptor;
  readonly #deps: SharedDownloadDeps;
  /** Undefined when the blob was stored meanwhile. */
  readonly #opened = withResolvers<Ingest | undefined>();
  /** Those that wait, in the order in which they came. */
  readonly #shares = new Set<Share>();
  /** Repositories that sent a part. */
  readonly #sources = new Set<string>();
  /** One function for each mirror that sent a part. */
  readonly #mirrors = new Set<(error: unknown) => void>();
  #turn: Turn | undefined;
  /** Settles, without an error, when nothing more happens. */
  #ended: Promise<void> | undefined;
  #isStored = false;
  #wasResumed = false;

  constructor(blob: Descriptor, deps: SharedDownloadDeps) {
    this.#blob = blob;
    this.#deps = deps;
    // Each share reports the error.
    this.#opened.promise.catch(() => undefined);
  }

  /** Add an operation. */
  join(request: BlobRequest): BlobDownload {
    const share: Share = {
      request,
      settled: withResolvers<void>(),
      listeners: new Set(),
      wasAsked: false,
    };
    share.settled.promise.catch(() => undefined); // an operation that leaves does not await it
    this.#shares.add(share);
    this.#ended ??= this.#run(request.source);
    const download = this;
    return {
      stored: share.settled.promise,
      get isStored() {
        return download.#isStored;
      },
      get isUnproven() {
        return download.#isUnprovenFor(share);
      },
      read: (signal) => this.#read(share, signal),
      onProgress: (listener) => share.listeners.add(listener),
      [Symbol.asyncDispose]: () => this.#leave(share),
    };
  }

  async #leave(share: Share): Promise<void> {
    share.listeners.clear();
    this.#shares.delete(share);
    if (this.#shares.size > 0) return;
    this.#deps.onEnd();
    this.#turn?.controller.abort(new OutboardError('unavailable', 'nothing waits for the download any more'));
    await this.#ended;
    const ingest = await this.#opened.promise.catch(() => undefined);
    await ingest?.[Symbol.asyncDispose]();
  }

  async *#read(share: Share, signal: AbortSignal | undefined): AsyncGenerator<Buffer> {
    const ingest = await rejectOnAbort(this.#opened.promise, signal);
    if (ingest === undefined) return yield* await this.#deps.content.open(this.#blob.digest, { signal });
    try {
      yield* ingest.follow({ signal });
    } catch (error) {
      signal?.throwIfAborted();
      await share.settled.promise; // rejects with the reason for which the ingest ended
      throw error;
    }
  }

  async #run(source: string): Promise<void> {
    try {
      await this.#store(source);
      this.#isStored = true;
      for (const share of this.#shares) share.settled.resolve();
    } catch (error) {
      this.#opened.reject(error);
      for (const share of [...this.#shares]) this.#fail(share, error);
    } finally {
      this.#deps.onEnd();
    }
  }

  async #store(source: string): Promise<void> {
    const { content } = this.#deps;
    const { digest, size } = this.#blob;
    const stored = await content.stat(digest); // another download may have ended just now
    if (stored.exists && stored.size === size) return this.#opened.resolve(undefined);
    const ingest = await content.ingest({ resume: digest, source, expectedBytes: size });
    this.#wasResumed = ingest.resumedBytes > 0;
    this.#opened.resolve(ingest);
    try {
      if (ingest.size < size) await this.#receive(ingest);
      await ingest.commit(this.#blob);
    } catch (error) {
      if (!isOutboardError(error, 'invalid')) {
        // Kept for the next download; readers get the error.
        await ingest[Symbol.asyncDispose]();
        throw error;
      }
      await ingest.discard();
      for (const report of this.#mirrors) report(error);
      const involved = [...this.#sources, ...[...this.#shares].map(({ request }) => request.source)];
      if (new Set(involved).size > 1) this.#deps.onDispute();
      throw error;
    }
  }

  /** Receive the rest, from one registry after another until one sent the last byte. */
  async #receive(ingest: Ingest): Promise<void> {
    for (;;) {
      const share = this.#nextShare();
      const turn: Turn = { share, controller: new AbortController(), isOver: false };
      this.#turn = turn;
      const stopWatching = this.#watch(turn, ingest);
      try {
        await this.#receiveFrom(turn, ingest);
        return;
      } catch (error) {
        if (!(turn.isOver || this.#mayPassOver(share, error))) throw error;
        if (ingest.size >= this.#blob.size) return;
      } finally {
        stopWatching();
        this.#turn = undefined;
      }
    }
  }

  /** The first one that was not asked, else one whose registry was only slow. */
  #nextShare(): Share {
    const shares = [...this.#shares];
    const next = shares.find(({ wasAsked }) => !wasAsked) ?? shares[0];
    if (next === undefined) throw new OutboardError('unavailable', 'nothing waits for the download any more');
    next.wasAsked = true;
    return next;
  }

  /** Settle the shares that a failure ends. @returns true if others are left, and the download can go on */
  #mayPassOver(share: Share, error: unknown): boolean {
    if (error instanceof StoreFailure || isOutboardError(error, 'invalid')) return false;
    const { source } = share.request;
    // A registry that is down is down for all; other refusals may be about the credentials.
    const isDown = isOutboardError(error, 'unavailable');
    const ended = [...this.#shares].filter(
      (other) => other === share || (isDown && other.request.source === source),
    );
    if (ended.length === this.#shares.size) return false;
    for (const other of ended) this.#fail(other, error);
    return true;
  }

  #fail(share: Share, cause: unknown): void {
    this.#shares.delete(share);
    const error = cause instanceof StoreFailure ? cause.cause : cause;
    const isDoubtful = isOutboardError(error, 'invalid') && this.#isUnprovenFor(share);
    share.settled.reject(isDoubtful ? contentChanged(error) : error);
  }

  #isUnprovenFor({ request }: Share): boolean {
    const isOwn = [...this.#sources].every((source) => source === request.source);
    return this.#wasResumed || !isOwn || this.#mirrors.size > 0;
  }

  /** End a turn whose registry is slow while another one waits. @returns ends the watch */
  #watch(turn: Turn, ingest: Ingest): () => void {
    const { clock } = this.#deps;
    let before = ingest.size;
    const check = () => {
      const { source } = turn.share.request;
      const isSlow = ingest.size - before < slowBytes;
      before = ingest.size;
      const others = [...this.#shares].filter(
        ({ request, wasAsked }) => !wasAsked && request.source !== source,
      );
      if (!isSlow || others.length === 0) {
        cancel = clock.schedule(slowMs, check);
        return;
      }
      turn.isOver = true;
      turn.controller.abort(
        new OutboardError('unavailable', `${source} is slow, and another repository has the blob`),
      );
    };
    let cancel = clock.schedule(slowMs, check);
    return () => cancel();
  }

  async #receiveFrom({ share, controller: { signal } }: Turn, ingest: Ingest): Promise<void> {
    const { from, source, onReceived } = share.request;
    const stream = await from.openBlob(this.#blob, {
      verify: false, // the store does
      offset: ingest.size,
      signal,
      onResume: (offset) => {
        this.#wasResumed ||= offset > 0;
      },
      onMirror: (report) => this.#mirrors.add(report),
    });
    const stopListening = onAbort(signal, (reason) => stream.destroy(reason as Error)); // reasons are errors here
    try {
      const chunks: AsyncIterable<Buffer> = stream;
      for await (const chunk of chunks) {
        this.#sources.add(source);
        onReceived?.(chunk.length);
        await append(ingest, chunk);
        for (const { listeners } of this.#shares) for (const listener of listeners) listener(ingest.size);
      }
    } finally {
      stopListening();
      stream.destroy();
    }
  }
}

/** A failure of the store, for which no registry is to blame. */
class StoreFailure extends Error {
  constructor(cause: unknown) {
    super('the store failed', { cause });
  }
}

async function append(ingest: Ingest, chunk: Buffer): Promise<void> {
  try {
    await ingest.append(chunk);
  } catch (error) {
    throw new StoreFailure(error);
  }
}

function contentChanged(cause: OutboardError): OutboardError {
  return new OutboardError(cause.kind, cause.message, { cause, code: 'content-changed' });
}
