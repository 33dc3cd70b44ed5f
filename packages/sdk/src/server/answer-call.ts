/**
 * Answers one HTTP request. Requests may have any content type, host and letter case of fields. Answers have status 200
 * and an object or a stream, or a failure status and an object with `Err`, the only form that every engine reads.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { messageOf, PluginError } from '../plugin-error.ts';
import { readBody } from '../wire/body.ts';
import type { ServedCall, ServedCalls } from '../wire/call.ts';
import { decodeMessage } from '../wire/message.ts';

const contentType = 'application/vnd.docker.plugins.v1.2+json';

/** Dependencies of `answerCall`. */
export interface AnswerDeps {
  readonly calls: ServedCalls;
  /** Aborts the call: by the server at shutdown, by `answerCall` when the caller closes the connection. */
  readonly abort: AbortController;
  /** Called when the answer begins to stream. The server aborts such calls first when it closes. */
  readonly onStream: () => void;
  /** Receives a line for each call that failed in the driver. */
  readonly log: (message: string) => void;
}

/** Answer one request. Never rejects. */
export async function answerCall(
  request: IncomingMessage,
  response: ServerResponse,
  deps: AnswerDeps,
): Promise<void> {
  // 'close' also follows a complete answer, when the signal has no listeners left.
  response.once('close', () => deps.abort.abort());
  const path = pathOf(request);
  const call = deps.calls.get(path);
  try {
    const { handle, maxBodyBytes } = checkCall(request, path, call);
    const message = decodeMessage(await readBody(request, maxBodyBytes));
    const result = await handle(message, { signal: deps.abort.signal });
    if (isStream(result)) {
      deps.onStream();
      await sendStream(response, result);
    } else send(response, 200, result);
  } catch (error) {
    // The caller is gone, or learns from the end of its connection that a stream is not complete.
    if (response.headersSent) {
      if (!deps.abort.signal.aborted) deps.log(`${path}: ${messageOf(error)}`);
      response.destroy();
      return;
    }
    // Refusals of the SDK are routine and not logged: engines call Get before Create.
    if (!(error instanceof PluginError)) deps.log(`${path}: ${messageOf(error)}`);
    // The rest of an unread body would be parsed as the next request.
    if (!request.complete) response.setHeader('Connection', 'close');
    const failure = call?.failureBody ?? ((text: string) => ({ Err: text }));
    send(response, error instanceof PluginError ? error.status : 500, failure(messageOf(error)));
  }
}

function checkCall(request: IncomingMessage, path: string, call: ServedCall | undefined): ServedCall {
  if (call === undefined) throw new PluginError(`"${path}" is not implemented`, { status: 404 });
  if (request.method !== 'POST') {
    throw new PluginError(`"${path}" takes POST, not ${request.method ?? 'nothing'}`, { status: 405 });
  }
  return call;
}

/** The path without its query; bounded, because errors quote it. */
function pathOf(request: IncomingMessage): string {
  return (request.url ?? '/').split('?', 1).join('').slice(0, 256);
}

function isStream(result: object): result is AsyncIterable<Uint8Array> {
  return Symbol.asyncIterator in result;
}

/** The head is sent at once: a caller that follows a log waits long for its first bytes. */
async function sendStream(response: ServerResponse, bytes: AsyncIterable<Uint8Array>): Promise<void> {
  response.writeHead(200, { 'Content-Type': 'application/octet-stream' });
  response.flushHeaders();
  await pipeline(Readable.from(bytes, { objectMode: false }), response);
}

function send(response: ServerResponse, status: number, body: object): void {
  const bytes = Buffer.from(`${JSON.stringify(body)}\n`);
  response.writeHead(status, { 'Content-Type': contentType, 'Content-Length': bytes.length });
  response.end(bytes);
}
