/**
 * One request of another program, sent to a plugin as it is, and the answer as it is.
 */
import type { Readable } from 'node:stream';
import type { Dispatcher } from 'undici';
import type { ForwardedAnswer, ForwardedRequest } from './plugin-client.ts';
import { type BoundedRequest, collectBytes, readChunks, transportError } from './plugin-request.ts';

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
 * The chunks as a bare iterable. Of a stream, undici would destroy the source when no connection can be made, and nothing
 * were left for the next attempt.
 */
function lendSource(body: AsyncIterable<Uint8Array>): Readable {
  const source: AsyncIterable<Uint8Array> = { [Symbol.asyncIterator]: () => body[Symbol.asyncIterator]() };
  // undici takes any async iterable; its declarations name streams only.
  return source as unknown as Readable;
}
