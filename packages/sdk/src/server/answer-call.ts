/**
 * One HTTP request to one answer. Lenient about what comes in (any content type, any host, any letter case of
 * fields), strict about what goes out: status 200 and an object, or a failure status and `{"Err": "..."}`, the only
 * form that every consumer reads.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { messageOf, PluginError } from '../plugin-error.ts';
import { readBody } from '../wire/body.ts';
import type { CallHandler } from '../wire/call.ts';
import { decodeMessage } from '../wire/message.ts';

const CONTENT_TYPE = 'application/vnd.docker.plugins.v1.2+json';

/** What `answerCall` needs beside the request. */
export interface AnswerOptions {
  readonly handlers: ReadonlyMap<string, CallHandler>;
  /** Aborts the call: the server does when the plugin shuts down, `answerCall` when the caller hangs up. */
  readonly abort: AbortController;
  /** Told of every call that failed in the driver. */
  readonly log: (message: string) => void;
}

/** Answer one request. Never rejects. */
export async function answerCall(
  request: IncomingMessage,
  response: ServerResponse,
  options: AnswerOptions,
): Promise<void> {
  // Also comes after a complete answer, when nobody listens to the signal any more.
  response.once('close', () => options.abort.abort());
  const call = pathOf(request);
  try {
    const handler = findHandler(request, call, options.handlers);
    const message = decodeMessage(await readBody(request));
    send(response, 200, await handler(message, { signal: options.abort.signal }));
  } catch (error) {
    // What the SDK itself refuses is routine: engines ask for a volume before they create it.
    if (!(error instanceof PluginError)) options.log(`${call}: ${messageOf(error)}`);
    // Bytes of a body that nobody read would be taken for the next request.
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

/** The path without a query; bounded, for it is repeated in the answer. */
function pathOf(request: IncomingMessage): string {
  return (request.url ?? '/').split('?', 1).join('').slice(0, 256);
}

function send(response: ServerResponse, status: number, body: object): void {
  const bytes = Buffer.from(`${JSON.stringify(body)}\n`);
  response.writeHead(status, { 'Content-Type': CONTENT_TYPE, 'Content-Length': bytes.length });
  response.end(bytes);
}
