/**
 * Handles one request from socket to response: checks, version, route, reply. No error leaves it: each becomes a response.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { joinSignals } from '@outboard/async';
import { checkApiVersion, checkRouteVersion, maximumApiVersion } from './api-version.ts';
import type { Authorize } from './authorize.ts';
import { createBodyMemory } from './body-memory.ts';
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

/** The facts of one request for log and metrics. */
export interface RequestLog {
  readonly method: string;
  /** Raw path without query, cut to 256 characters. */
  readonly path: string;
  readonly status: number;
  readonly elapsedMs: number;
  /** The thrown value, if the request failed. */
  readonly error?: unknown;
  /** False if the error is of no known class. */
  readonly expected?: boolean | undefined;
}

/** Sixteen bodies of the largest size. */
const defaultMaxBodyMemory = 64 * 1024 * 1024;

/** The parts behind a request handler. */
export interface RequestHandlerDeps {
  readonly findRoute: FindRoute;
  /** Version of the daemon, for the header `Server`. */
  readonly version: string;
  /** Aborted when the daemon stops; it ends running operations. */
  readonly stopping: AbortSignal;
  /** Called after every response. */
  readonly log: (entry: RequestLog) => void;
  /** Authorizes routed requests; absent: all are allowed. */
  readonly authorize?: Authorize | undefined;
  readonly bodyLimits?: BodyLimits | undefined;
  /** Bytes of bodies that all requests together hold as a whole; default 64 MiB. */
  readonly maxBodyMemory?: number | undefined;
}

/**
 * Handles one request by the rules of its listener. Resolves when the response is written or the connection is closed;
 * never rejects.
 */
export type HandleRequest = (
  request: IncomingMessage,
  response: ServerResponse,
  rules: RequestRules,
  upgrade?: RequestedUpgrade,
) => Promise<void>;

/**
 * Create the handler of all requests to the API.
 * @see Docker Engine API v1.51; moby daemon/server/server.go and middleware/version.go for the order of checks
 */
export function createRequestHandler(deps: RequestHandlerDeps): HandleRequest {
  const connectionOf = createConnections();
  const bodyMemory = createBodyMemory(deps.maxBodyMemory ?? defaultMaxBodyMemory);
  return async (request, response, rules, upgrade) => {
    const connection = connectionOf(request.socket);
    // Pipelined after a request with ambiguous framing, whose response closes the connection.
    if (!connection.isTrusted) return;
    const startedAt = performance.now();
    using scope = joinSignals([connection.closed, deps.stopping]);
    using memory = bodyMemory.open(rules.allowsHost !== undefined);
    const body = createRequestBody(request, { ...deps.bodyLimits, memory }, upgrade?.body);
    const client: Client = { response, body, gone: connection.closed, upgrade };
    // A write to a closed connection; those who have to know listen to the signal.
    response.on('error', () => {});
    const failure = await settle(client, async () => {
      guard(request, response, rules, connection);
      if (upgrade !== undefined) guardUpgrade(request);
      return reply(request, client, { signal: scope.signal, consumer: connection.consumer }, deps);
    });
    deps.log({
      method: request.method ?? '',
      path: (request.url ?? '').split('?', 1)[0]?.slice(0, 256) ?? '',
      status: response.statusCode,
      elapsedMs: performance.now() - startedAt,
      ...failure,
    });
  };
}

/** Write the reply, or else the error. @returns the error, if there was one */
async function settle(
  client: Client,
  makeReply: () => Promise<Reply>,
): Promise<Pick<RequestLog, 'error' | 'expected'>> {
  try {
    const error = await writeReply(await makeReply(), client);
    return error === undefined ? {} : { error, expected: describeError(error).expected };
  } catch (error) {
    const answer = describeError(error);
    try {
      await writeError(answer, client);
      return { error, expected: answer.expected };
    } catch (second) {
      // The error could not be written either.
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
    // The next request may not begin where this parser assumes it.
    connection.isTrusted = false;
    response.setHeader('Connection', 'close');
    throw error;
  }
}

async function reply(
  request: IncomingMessage,
  { response, body }: Client,
  { signal, consumer }: Pick<Exchange, 'signal' | 'consumer'>,
  deps: RequestHandlerDeps,
): Promise<Reply> {
  const target = parseRequestTarget(request.url ?? '');
  if ('redirect' in target) return emptyReply(301, { Location: target.redirect });
  const isOptions = request.method === 'OPTIONS';
  const match = isOptions ? anyPath : deps.findRoute(request.method ?? '', target.path);
  if (match === undefined) throw unrouted(target.path);

  response.setHeader('Api-Version', maximumApiVersion);
  response.setHeader('Ostype', 'linux');
  // With Docker's name, since clients parse the operating system out of exactly this form.
  response.setHeader('Server', `Docker/${deps.version} (linux)`);
  const { authorize = allow, stopping } = deps;
  const route = match.route.path;
  const authorizeRoute = isOptions ? allow : authorize;
  return authorizeRoute({ incoming: request, response, body, route, signal, stopping }, async () => {
    if (target.version !== undefined) checkApiVersion(target.version);
    response.setHeader('Docker-Experimental', 'false');
    checkRouteVersion(match.route, target.version);
    const { headers } = request;
    const name = decodeName(match.name);
    return match.route.handle({ name, query: target.query, headers, body, signal, consumer });
  });
}

const allow: Authorize = (_request, respond) => respond();

/** The route of every OPTIONS request. It discloses nothing, so that no plugin authorizes it. */
const anyPath: RouteMatch = {
  name: '',
  route: { method: 'OPTIONS', path: '/{anything}', handle: () => emptyReply(200) },
};
