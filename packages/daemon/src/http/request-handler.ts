/**
 * Takes one request from socket to answer: guard, version, route, reply. No error leaves it: each becomes an answer,
 * and the process goes on.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { joinSignals } from '@outboard/async';
import { checkApiVersion, checkRouteVersion, maximumApiVersion } from './api-version.ts';
import type { Authorize } from './authorize.ts';
import { type Connection, createConnections } from './connection.ts';
import { describeError } from './errors.ts';
import type { Exchange } from './exchange.ts';
import { emptyReply, type Reply } from './reply.ts';
import { type BodyLimits, createRequestBody } from './request-body.ts';
import { guardRequest, guardUpgrade, type RequestRules } from './request-guard.ts';
import { decodeName, parseRequestTarget } from './request-target.ts';
import type { FindRoute, RouteMatch } from './route-table.ts';
import { unrouted } from './unrouted.ts';
import type { RequestedUpgrade } from './upgrade.ts';
import { type Client, writeError, writeReply } from './write-reply.ts';

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
  /** Decides about routed requests; absent: all may run. */
  readonly authorize?: Authorize;
  readonly bodyLimits?: BodyLimits;
}

/** Answers one request by one listener's rules. Resolves when the answer is written or the client is gone; never rejects. */
export type HandleRequest = (
  request: IncomingMessage,
  response: ServerResponse,
  rules: RequestRules,
  upgrade?: RequestedUpgrade,
) => Promise<void>;

/** @see Docker Engine API v1.51; moby daemon/server/server.go and middleware/version.go for the order of checks */
export function createRequestHandler(options: RequestHandlerOptions): HandleRequest {
  const connectionOf = createConnections();
  return async (request, response, rules, upgrade) => {
    const connection = connectionOf(request.socket);
    // Sent together with a request that could not be trusted; that one's answer ends the connection.
    if (!connection.isTrusted) return;
    const startedAt = performance.now();
    using scope = joinSignals([connection.closed, options.stopping]);
    const client = {
      response,
      body: createRequestBody(request, options.bodyLimits, upgrade?.body),
      gone: connection.closed,
      ...(upgrade && { upgrade }),
    };
    // A client may vanish between any two writes; the abort signal tells those who need to know.
    response.on('error', () => {});
    const failure = await settle(client, async () => {
      guard(request, response, rules, connection);
      if (upgrade !== undefined) guardUpgrade(request);
      return answer(request, client, scope.signal, options);
    });
    options.log({
      method: request.method ?? '',
      path: (request.url ?? '').split('?', 1)[0]?.slice(0, 256) ?? '',
      status: response.statusCode,
      elapsedMs: performance.now() - startedAt,
      ...failure,
    });
  };
}

/** Write what is answered, or the error instead. @returns the error, if there was one */
async function settle(
  client: Client,
  makeReply: () => Promise<Reply>,
): Promise<Pick<RequestLog, 'error' | 'expected'>> {
  try {
    const told = await writeReply(await makeReply(), client);
    return told === undefined ? {} : { error: told, expected: describeError(told).expected };
  } catch (error) {
    const { status, message, expected } = describeError(error);
    try {
      await writeError(status, message, client);
      return { error, expected };
    } catch (second) {
      // Not even the error could be told: what is left is to end the connection.
      client.response.destroy();
      return { error: second, expected: false };
    }
  }
}

function guard(
  request: IncomingMessage,
  response: ServerResponse,
  rules: RequestRules,
  connection: Connection,
): void {
  try {
    guardRequest(request, rules);
  } catch (error) {
    // What follows on this connection may not begin where we think it does.
    connection.isTrusted = false;
    response.setHeader('Connection', 'close');
    throw error;
  }
}

async function answer(
  request: IncomingMessage,
  { response, body }: Client,
  signal: AbortSignal,
  options: RequestHandlerOptions,
): Promise<Reply> {
  const target = parseRequestTarget(request.url ?? '');
  if ('redirect' in target) return emptyReply(301, { Location: target.redirect });
  const isOptions = request.method === 'OPTIONS';
  const match = isOptions ? anyPath : options.findRoute(request.method ?? '', target.path);
  if (match === undefined) throw unrouted(target.path);

  response.setHeader('Api-Version', maximumApiVersion);
  response.setHeader('Ostype', 'linux');
  // Docker's name, because clients take the operating system out of exactly this form.
  response.setHeader('Server', `Docker/${options.version} (linux)`);
  const { authorize = runFreely, stopping } = options;
  const route = match.route.path;
  const ask = isOptions ? runFreely : authorize;
  return ask({ incoming: request, response, body, route, signal, stopping }, async () => {
    if (target.version !== undefined) checkApiVersion(target.version);
    response.setHeader('Docker-Experimental', 'false');
    checkRouteVersion(match.route, target.version);
    const { headers } = request;
    const exchange: Exchange = { name: decodeName(match.name), query: target.query, headers, body, signal };
    return match.route.handle(exchange);
  });
}

const runFreely: Authorize = (_request, respond) => respond();

/** What OPTIONS of anything finds: it tells nothing, so that no plugin is asked about it. */
const anyPath: RouteMatch = {
  name: '',
  route: { method: 'OPTIONS', path: '/{anything}', handle: () => emptyReply(200) },
};
