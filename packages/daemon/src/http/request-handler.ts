/**
 * Takes one request from socket to answer: guard, version, route, reply. No error leaves it: each becomes an answer,
 * and the process goes on.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { checkApiVersion, maximumApiVersion } from './api-version.ts';
import { describeError, HttpError } from './errors.ts';
import type { Exchange } from './exchange.ts';
import { encodeJson } from './json.ts';
import { emptyReply, jsonContentType, type Reply } from './reply.ts';
import { type BodyLimits, createRequestBody, type RequestBody } from './request-body.ts';
import { guardRequest, type RequestRules } from './request-guard.ts';
import { decodeName, parseRequestTarget } from './request-target.ts';
import type { FindRoute, RouteMatch } from './route-table.ts';

/** Told of every answer. The path is the raw one without its query, cut to 256 characters. */
export interface RequestLog {
  readonly method: string;
  readonly path: string;
  readonly status: number;
  readonly elapsedMs: number;
  /** What was thrown, when something was. */
  readonly error?: unknown;
  /** Whether the code foresaw that error. */
  readonly expected?: boolean;
}

export interface RequestHandlerOptions {
  readonly findRoute: FindRoute;
  /** The daemon's own version, for the `Server` header. */
  readonly version: string;
  /** Aborted when the daemon stops: running operations end. */
  readonly stopping: AbortSignal;
  readonly log: (entry: RequestLog) => void;
  readonly bodyLimits?: BodyLimits;
}

/** Answers one request by one listener's rules. Resolves when the answer is written or the client is gone; never rejects. */
export type HandleRequest = (
  request: IncomingMessage,
  response: ServerResponse,
  rules: RequestRules,
) => Promise<void>;

/** @see Docker Engine API v1.51; moby daemon/server/server.go and middleware/version.go for the order of checks */
export function createRequestHandler(options: RequestHandlerOptions): HandleRequest {
  return async (request, response, rules) => {
    const startedAt = performance.now();
    const body = createRequestBody(request, options.bodyLimits);
    const failures: { error: unknown; expected: boolean }[] = [];
    // A client may vanish between any two writes; the abort signal tells those who need to know.
    response.on('error', () => {});
    try {
      try {
        await writeReply(await reply(request, response, rules, options, body), response, body);
      } catch (error) {
        const { status, message, expected } = describeError(error);
        failures.push({ error, expected });
        await writeError(response, body, status, message);
      }
    } catch (error) {
      // Not even the error could be told: what is left is to end the connection.
      failures.push({ error, expected: false });
      response.destroy();
    }
    const path = (request.url ?? '').split('?', 1)[0]?.slice(0, 256) ?? '';
    options.log({
      method: request.method ?? '',
      path,
      status: response.statusCode,
      elapsedMs: performance.now() - startedAt,
      ...(failures.at(-1) ?? {}),
    });
  };
}

async function reply(
  request: IncomingMessage,
  response: ServerResponse,
  rules: RequestRules,
  options: RequestHandlerOptions,
  body: RequestBody,
): Promise<Reply> {
  try {
    guardRequest(request, rules);
  } catch (error) {
    // What follows on this connection cannot be trusted to begin where we think it does.
    response.setHeader('Connection', 'close');
    throw error;
  }
  if (request.method === 'OPTIONS') return emptyReply(200);
  const target = parseRequestTarget(request.url ?? '');
  if ('redirect' in target) return emptyReply(301, { Location: target.redirect });
  const match = options.findRoute(request.method ?? '', target.path);
  if (match === undefined) throw new HttpError(404, 'page not found');

  response.setHeader('Api-Version', maximumApiVersion);
  response.setHeader('Ostype', 'linux');
  // Docker's name, because clients take the operating system out of exactly this form.
  response.setHeader('Server', `Docker/${options.version} (linux)`);
  if (target.version !== undefined) checkApiVersion(target.version);
  response.setHeader('Docker-Experimental', 'false');
  const signal = whenUnwanted(response, options.stopping);
  return match.route.handle(toExchange(match, target.query, request, body, signal));
}

function toExchange(
  match: RouteMatch,
  query: URLSearchParams,
  request: IncomingMessage,
  body: RequestBody,
  signal: AbortSignal,
): Exchange {
  return { name: decodeName(match.name), query, headers: request.headers, body, signal };
}

/** Aborted when the client leaves early or the daemon stops. `AbortSignal.any` would keep a trace of every request. */
function whenUnwanted(response: ServerResponse, stopping: AbortSignal): AbortSignal {
  const controller = new AbortController();
  const stop = () => controller.abort(stopping.reason);
  if (stopping.aborted) stop();
  stopping.addEventListener('abort', stop);
  response.once('close', () => {
    stopping.removeEventListener('abort', stop);
    if (!response.writableFinished) controller.abort(new HttpError(400, 'the client went away'));
  });
  return controller.signal;
}

async function writeReply(reply: Reply, response: ServerResponse, body: RequestBody): Promise<void> {
  for (const [name, value] of Object.entries(reply.headers)) response.setHeader(name, value);
  if ('write' in reply) {
    await reply.write(response);
    await end(response, undefined);
    return;
  }
  await drainBody(response, body);
  response.statusCode = reply.status;
  await end(response, reply.body);
}

async function writeError(
  response: ServerResponse,
  body: RequestBody,
  status: number,
  message: string,
): Promise<void> {
  if (response.headersSent) {
    // Whoever streams tells of errors in the stream. What is left here must not look like a complete answer.
    response.destroy();
    return;
  }
  await drainBody(response, body);
  response.statusCode = status;
  response.setHeader('Content-Type', jsonContentType);
  await end(response, `${encodeJson({ message })}\n`);
}

/** Docker's CLI fails on a closed pipe when it is answered before it has sent its body. */
async function drainBody(response: ServerResponse, body: RequestBody): Promise<void> {
  try {
    await body.drain();
  } catch {
    // It stalls, lies or left: answer it all the same, and let go of the connection.
    response.setHeader('Connection', 'close');
  }
}

/** Write the rest; resolves when it is handed to the system or the client is gone. */
function end(response: ServerResponse, body: string | undefined): Promise<void> {
  return new Promise((resolve) => {
    if (response.destroyed) {
      resolve();
      return;
    }
    response.once('close', resolve);
    if (body === undefined) response.end(resolve);
    else {
      response.setHeader('Content-Length', Buffer.byteLength(body));
      response.end(body, resolve);
    }
  });
}
