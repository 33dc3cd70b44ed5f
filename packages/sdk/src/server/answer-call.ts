/**
 * Answers one HTTP request. Requests may have any content type, host and letter case of fields. Answers have status 200
 * and an object, or a failure status and `{"Err": "..."}`, the only form that every engine reads.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { messageOf, PluginError } from '../plugin-error.ts';
import { readBody } from '../wire/body.ts';
import type { CallHandler } from '../wire/call.ts';
import { decodeMessage } from '../wire/message.ts';

const contentType = 'application/vnd.docker.plugins.v1.2+json';

/** Dependencies of `answerCall`. */
export interface AnswerDeps {
  readonly handlers: ReadonlyMap<string, CallHandler>;
  /** Aborts the call: by the server at shutdown, by `answerCall` when the caller closes the connection. */
  readonly abort: AbortController;
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
  const call = pathOf(request);
  try {
    const handler = findHandler(request, call, deps.handlers);
    const message = decodeMessage(await readBody(request));
    send(response, 200, await handler(message, { signal: deps.abort.signal }));
  } catch (error) {
    // Refusals of the SDK are routine and not logged: engines call Get before Create.
    if (!(error instanceof PluginError)) deps.log(`${call}: ${messageOf(error)}`);
    // The rest of an unread body would be parsed as the next request.
    if (!request.complete) response.setHeader('Connection', 'close');
    send(response, error instanceof PluginError ? error.status : 500, { Err: messageOf(error) });
  }
}

function findHandler(
  request: IncomingMessage,
  call: string,
  handlers: ReadonlyMap<string, CallHandler>,
): CallHandler {
  const handler = handlers.get(call);
  if (handler === undefined) throw new PluginError(`"${call}" is not implemented`, { status: 404 });
  if (request.method !== 'POST') {
    throw new PluginError(`"${call}" takes POST, not ${request.method ?? 'nothing'}`, { status: 405 });
  }
  return handler;
}

/** The path without its query; bounded, because errors quote it. */
function pathOf(request: IncomingMessage): string {
  return (request.url ?? '/').split('?', 1).join('').slice(0, 256);
}

function send(response: ServerResponse, status: number, body: object): void {
  const bytes = Buffer.from(`${JSON.stringify(body)}\n`);
  response.writeHead(status, { 'Content-Type': contentType, 'Content-Length': bytes.length });
  response.end(bytes);
}
