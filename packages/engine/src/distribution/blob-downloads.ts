/**
 * Downloads of blobs into the content store, which operations share: two pulls of one blob fetch it once. A download ends with
 * the last operation that waits for it, and what it has by then is continued by the next one.
 */
import { onAbort, rejectOnAbort, withResolvers } from '@outboard/async';
import {
  type BlobFetcher,
  type ContentStore,
  type Descriptor,
  type Ingest,
  isOutboardError,
  OutboardError,
} from '@outboard/oci';

/** A blob to fetch. */
export interface BlobRequest {
  readonly blob: Descriptor;
  readonly from: BlobFetcher;
  /** Canonical name of the repository: operations share a download from the same one only. */
  readonly source: string;
  /** Called with the size of each chunk that is received; of the operation that began the download. */
  readonly onReceived?: ((bytes: number) => void) | undefined;
}

/** A share in a download. Dispose to leave it; the last one to leave ends it, and awaits its end. */
export interface BlobDownload extends AsyncDisposable {
  /** Settles when the blob is stored, or cannot be; its error is that of the registry or of the store. */
  readonly stored: Promise<void>;
  /** True once the blob is stored. */
  readonly isStored: boolean;
  /** True if a part is from an earlier connection: the content may be another one's, which only its end shows. */
  readonly wasResumed: boolean;
  /** Read the blob from its first byte, while it is received. It is verified when the stream has ended, not before. */
  read(signal?: AbortSignal | undefined): AsyncIterable<Buffer>;
  /** Be told how many bytes are there, until the share is disposed. */
  onProgress(listener: (bytes: number) => void): void;
}

/** The downloads of one engine. */
export interface BlobDownloads {
  /**
   * Take a share in the download of a blob that the store lacks; it begins unless it is under way. Its errors are those of
   * `openBlob` and of the store; code `content-changed` when parts did not fit together, and a new download may succeed.
   */
  join(request: BlobRequest): BlobDownload;
}

/** No download is under way at first. */
export function createBlobDownloads(content: ContentStore): BlobDownloads {
  const underWay = new Map<string, SharedDownload>();
  return {
    join(request) {
      const { blob, source } = request;
      // The size too: a manifest that tells a wrong one must not end the download of another manifest.
      const key = `${source}@${blob.digest} ${blob.size}`;
      const known = underWay.get(key);
      if (known !== undefined) return known.share();
      const download = new SharedDownload(request, content);
      underWay.set(key, download);
      download.onEnd(() => {
        if (underWay.get(key) === download) underWay.delete(key);
      });
      return download.share();
    },
  };
}

class SharedDownload {
  readonly #request: BlobRequest;
  readonly #content: ContentStore;
  readonly #controller = new AbortController();
  /** Undefined when the blob was stored meanwhile. */
  readonly #opened = withResolvers<Ingest | undefined>();
  readonly #stored: Promise<void>;
  readonly #listeners = new Set<(bytes: number) => void>();
  #users = 0;
  #isStored = false;
  #wasResumed = false;
  #end: () => void = () => undefined;

  constructor(request: BlobRequest, content: ContentStore) {
    this.#request = request;
    this.#content = content;
    this.#stored = this.#run();
    // Each share reports the error.
    this.#stored.catch(() => undefined);
    this.#opened.promise.catch(() => undefined);
  }

  /** @param listener called when no further operation may join */
  onEnd(listener: () => void): void {
    this.#end = listener;
    void this.#stored.catch(() => undefined).then(listener);
  }

  share(): BlobDownload {
    const download = this;
    const own = new Set<(bytes: number) => void>();
    this.#users += 1;
    let hasLeft = false;
    return {
      stored: this.#stored,
      get isStored() {
        return download.#isStored;
      },
      get wasResumed() {
        return download.#wasResumed;
      },
      read: (signal) => this.#read(signal),
      onProgress: (listener) => {
        own.add(listener);
        this.#listeners.add(listener);
      },
      [Symbol.asyncDispose]: async () => {
        for (const listener of own) this.#listeners.delete(listener);
        if (!hasLeft) await this.#leave();
        hasLeft = true;
      },
    };
  }

  async #leave(): Promise<void> {
    this.#users -= 1;
    if (this.#users > 0) return;
    this.#end();
    this.#controller.abort(new OutboardError('unavailable', 'nothing waits for the download any more'));
    // Its error has been reported, or it is the one above.
    await this.#stored.catch(() => undefined);
    const ingest = await this.#opened.promise.catch(() => undefined);
    await ingest?.[Symbol.asyncDispose]();
  }

  async *#read(signal: AbortSignal | undefined): AsyncGenerator<Buffer> {
    const ingest = await rejectOnAbort(this.#opened.promise, signal);
    if (ingest === undefined) return yield* await this.#content.open(this.#request.blob.digest, { signal });
    try {
      yield* ingest.follow({ signal });
    } catch (error) {
      signal?.throwIfAborted();
      await this.#stored; // rejects with the reason for which the ingest ended
      throw error;
    }
  }

  async #run(): Promise<void> {
    const { blob, source } = this.#request;
    try {
      const stored = await this.#content.stat(blob.digest); // another download may have ended just now
      if (stored.exists && stored.size === blob.size) {
        this.#isStored = true;
        return this.#opened.resolve(undefined);
      }
      const options = { resume: blob.digest, source, expectedBytes: blob.size };
      const ingest = await this.#content.ingest(options);
      this.#wasResumed = ingest.resumedBytes > 0;
      this.#opened.resolve(ingest);
      await this.#fill(ingest);
      this.#isStored = true;
    } catch (error) {
      this.#opened.reject(error);
      throw error;
    }
  }

  async #fill(ingest: Ingest): Promise<void> {
    const { blob } = this.#request;
    try {
      if (ingest.size < blob.size) await this.#receive(ingest);
      await ingest.commit(blob);
    } catch (error) {
      if (!isOutboardError(error, 'invalid')) {
        // Kept for the next download; readers get the error.
        await ingest[Symbol.asyncDispose]();
        throw error;
      }
      await ingest.discard();
      throw this.#wasResumed ? contentChanged(error) : error;
    }
  }

  async #receive(ingest: Ingest): Promise<void> {
    const { blob, from, onReceived } = this.#request;
    const { signal } = this.#controller;
    const stream = await from.openBlob(blob, {
      verify: false, // the store does
      offset: ingest.size,
      signal,
      onResume: (offset) => {
        this.#wasResumed ||= offset > 0;
      },
    });
    const stopListening = onAbort(signal, (reason) => stream.destroy(reason as Error)); // reasons are errors here
    try {
      const chunks: AsyncIterable<Buffer> = stream;
      for await (const chunk of chunks) {
        onReceived?.(chunk.length);
        await ingest.append(chunk);
        for (const listener of this.#listeners) listener(ingest.size);
      }
    } finally {
      stopListening();
      stream.destroy();
    }
  }
}

function contentChanged(cause: OutboardError): OutboardError {
  return new OutboardError(cause.kind, cause.message, { cause, code: 'content-changed' });
}
