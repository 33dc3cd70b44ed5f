/**
 * One request of another program, sent to a plugin as it is, and the answer as it is.
 */
import type { Readable } from 'node:stream';
import { onAbort, withResolvers } from '@outboard/async';
import type { Dispatcher } from 'undici';
import type { ForwardedAnswer, ForwardedRequest } from './plugin-client.ts';
import {
  type BoundedRequest,
  beyondLimit,
  collectBytes,
  readChunks,
  transportError,
} from './plugin-request.ts';

/** An answer, and the way to leave it. */
export interface ForwardedExchange {
  readonly answer: ForwardedAnswer;
  /** Give up what was not read. A body that was read to its end keeps its connection. */
  close(): void;
}

/**
 * Send a request and wait for the status line.
 * @param bounds `method` names the request in errors
 * @throws {OutboardError} as `requestResponse`
 */
export async function forwardRequest(
  dispatcher: Dispatcher,
  { path, headers, body }: ForwardedRequest,
  bounds: BoundedRequest,
): Promise<ForwardedExchange> {
  let response: Dispatcher.ResponseData;
  try {
    response = await dispatcher.request({
      path,
      method: 'POST',
      headers: [...headers],
      body: body instanceof Uint8Array ? body : lendSource(body),
      signal: bounds.signal,
      responseHeaders: 'raw',
    });
  } catch (cause) {
    throw transportError(cause, bounds);
  }
  const received = response.body;
  return {
    answer: {
      status: response.statusCode,
      // A flat list of names and values, as `responseHeaders: 'raw'` says; the declared type is that of the default.
      headers: response.headers as unknown as readonly string[],
      get body() {
        return readChunks(received, bounds);
      },
      bytes: () => collectBytes(received, bounds),
    },
    close() {
      if (received.readableEnded) return;
      received.on('error', () => {}).destroy();
    },
  };
}

/**
 * Send a request and receive the whole answer. The leanest of undici's ways: it makes no stream for an answer of some bytes.
 * @param bounds as above
 * @throws {OutboardError} as `requestAnswer`
 */
export async function exchangeWhole(
  dispatcher: Dispatcher,
  { path, headers, body }: ForwardedRequest,
  bounds: BoundedRequest,
): Promise<ForwardedAnswer> {
  const receiver = new WholeReceiver(bounds);
  const stopListening = onAbort(bounds.signal, (reason) => receiver.abort(reason));
  try {
    const sent = body instanceof Uint8Array ? body : lendSource(body);
    dispatcher.dispatch({ path, method: 'POST', headers: [...headers], body: sent }, receiver);
    return await receiver.answer;
  } catch (cause) {
    throw transportError(cause, bounds);
  } finally {
    stopListening();
  }
}

class WholeReceiver implements Dispatcher.DispatchHandler {
  readonly #bounds: BoundedRequest;
  readonly #settled = withResolvers<ForwardedAnswer>();
  readonly #chunks: Buffer[] = [];
  #abortRequest: ((reason: Error) => void) | undefined;
  #size = 0;
  #status = 0;
  #headers: readonly string[] = [];

  constructor(bounds: BoundedRequest) {
    this.#bounds = bounds;
  }

  get answer(): Promise<ForwardedAnswer> {
    return this.#settled.promise;
  }

  /** The request may not be under way yet: it is ended as soon as it is. */
  abort(reason: unknown): void {
    const error = reason instanceof Error ? reason : new Error(String(reason));
    this.#settled.reject(reason);
    this.#abortRequest?.(error);
  }

  onConnect(abort: (reason?: Error) => void): void {
    this.#abortRequest = abort;
    const { signal } = this.#bounds;
    if (signal.aborted) this.abort(signal.reason);
  }

  onHeaders(status: number, headers: Buffer[]): boolean {
    this.#status = status;
    this.#headers = headers.map((text) => text.toString('latin1'));
    return true;
  }

  onData(chunk: Buffer): boolean {
    this.#size += chunk.length;
    if (this.#size > this.#bounds.maxReplyBytes) this.abort(beyondLimit(this.#bounds));
    else this.#chunks.push(chunk);
    return true;
  }

  onComplete(): void {
    const [first] = this.#chunks;
    const body = first !== undefined && this.#chunks.length === 1 ? first : Buffer.concat(this.#chunks);
    this.#settled.resolve({
      status: this.#status,
      headers: this.#headers,
      body: oneChunk(body),
      bytes: async () => body,
    });
  }

  onError(error: Error): void {
    this.#settled.reject(error);
  }
}

function oneChunk(body: Buffer): AsyncIterable<Uint8Array> {
  return {
    async *[Symbol.asyncIterator]() {
      yield body;
    },
  };
}

/**
 * The chunks as a bare iterable. Of a stream, undici would destroy the source when no connection can be made, and nothing
 * were left for the next attempt.
 */
function lendSource(body: AsyncIterable<Uint8Array>): Readable {
  const source: AsyncIterable<Uint8Array> = { [Symbol.asyncIterator]: () => body[Symbol.asyncIterator]() };
  // undici takes any async iterable; its declarations name streams only.
  return source as unknown as Readable;
}
