/**
 * One HTTP/1.1 request to a plugin and its bounded answer, with transport errors classified.
 */
import type { Readable } from 'node:stream';
import { withResolvers } from '@outboard/async';
import { isOutboardError, OutboardError } from '@outboard/oci';
import type { Dispatcher } from 'undici';
import { type PluginAnswer, printable } from './plugin-answer.ts';

/** One call as it is sent. */
export interface PluginRequest {
  /** Such as `VolumeDriver.Create`. */
  readonly method: string;
  readonly body: string;
  /** Upper bound of the answer's body. */
  readonly maxReplyBytes: number;
  readonly signal: AbortSignal;
}

/** The part of a request that matters after it was sent. */
export type SentRequest = Pick<PluginRequest, 'method' | 'signal'>;

/** The same, with the bound of the answer. */
export type BoundedRequest = Pick<PluginRequest, 'method' | 'signal' | 'maxReplyBytes'>;

type Response = Dispatcher.ResponseData;

/**
 * Send a request and read the whole answer.
 * @throws {OutboardError} system, code `plugin-reply-too-large` or `plugin-reply-malformed`; unavailable, code
 *   `plugin-connection-lost`, or the code of `connectSocket`; when aborted, the signal's reason or an error caused by it
 */
export async function requestAnswer(dispatcher: Dispatcher, request: PluginRequest): Promise<PluginAnswer> {
  const { body, statusCode } = await requestResponse(dispatcher, request);
  return { status: statusCode, text: await readText(body, request) };
}

/** Send a request and wait for the status line. The caller consumes or destroys the body. @throws as `requestAnswer` */
export async function requestResponse(dispatcher: Dispatcher, request: PluginRequest): Promise<Response> {
  try {
    return await dispatcher.request({
      path: `/${request.method}`,
      method: 'POST',
      headers: { accept: 'application/vnd.docker.plugins.v1.2+json' },
      body: request.body,
      signal: request.signal,
    });
  } catch (cause) {
    throw transportError(cause, request);
  }
}

/** Read the rest of an answer as text. @throws as `requestAnswer` */
export async function readText(body: AsyncIterable<Uint8Array>, request: BoundedRequest): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  // Leaving the loop early destroys the body, and with it the connection.
  for await (const chunk of readChunks(body, request)) {
    size += chunk.length;
    if (size > request.maxReplyBytes) {
      throw beyondLimit(request);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** Bytes by events, which cost half as much as a loop. @throws as `requestAnswer` */
export async function collectBytes(body: Readable, request: BoundedRequest): Promise<Buffer> {
  const { promise, resolve, reject } = withResolvers<Buffer>();
  const chunks: Buffer[] = [];
  let size = 0;
  body.on('data', (chunk: Buffer) => {
    size += chunk.length;
    if (size <= request.maxReplyBytes) chunks.push(chunk);
    else body.destroy(beyondLimit(request));
  });
  body.on('end', () => resolve(Buffer.concat(chunks)));
  body.on('error', (cause) => reject(transportError(cause, request)));
  body.on('close', () => {
    if (!body.readableEnded) reject(transportError(new Error('other side closed'), request));
  });
  return await promise;
}

/** The rest of an answer in chunks. @throws as `requestAnswer` */
export async function* readChunks(
  body: AsyncIterable<Uint8Array>,
  request: SentRequest,
): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    yield* body;
  } catch (cause) {
    throw transportError(cause, request);
  }
}

/** The error to report for an error of undici. */
export function transportError(cause: unknown, request: SentRequest): unknown {
  if (isOutboardError(cause) || request.signal.aborted) return cause;
  const name = cause instanceof Error ? cause.name : '';
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  const reason = printable(cause instanceof Error ? cause.message : String(cause));
  if (code === 'UND_ERR_HEADERS_OVERFLOW') return tooLarge(request, 'reply has too large headers', cause);
  if (name === 'HTTPParserError' || code === 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH') {
    // The plugin speaks another protocol, such as CSI over HTTP/2: a retry cannot help. The cause is left out because
    // it quotes what the plugin sent.
    const message = `${request.method}: malformed reply: want HTTP/1.1: ${reason}`;
    return new OutboardError('system', message, { code: 'plugin-reply-malformed' });
  }
  const message = `${request.method}: lost the connection to the plugin: ${reason}`;
  return new OutboardError('unavailable', message, { code: 'plugin-connection-lost', cause });
}

/** The error for an answer that is larger than its bound. */
export function beyondLimit(request: BoundedRequest): OutboardError {
  return tooLarge(request, `reply is too large: want at most ${request.maxReplyBytes} bytes`);
}

function tooLarge({ method }: Pick<SentRequest, 'method'>, what: string, cause?: unknown): OutboardError {
  const options = { code: 'plugin-reply-too-large', cause };
  return new OutboardError('system', `${method}: the plugin's ${what}`, options);
}
