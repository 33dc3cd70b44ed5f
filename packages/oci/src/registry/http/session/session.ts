/**
 * Requests to one repository: credentials and extra headers for the registry's own host only, redirects, and
 * authentication challenges.
 */
import type { Cancellable } from '@outboard/async';
import { isOutboardError, OutboardError } from '../../../errors/outboard-error.ts';
import type { AuthorizationAttempts } from '../authentication/authorization-attempts.ts';
import type { Authorizer } from '../authentication/authorizer.ts';
import { readStart } from '../connections/bounded-body.ts';
import type { Connections, HttpResponse } from '../connections/connections.ts';
import type { Base, Endpoint } from '../connections/endpoint.ts';
import type { HttpRequest, Route } from '../connections/http-request.ts';
import { unexpectedStatus } from '../failures/registry-error.ts';
import { isTransientStatus, parseRetryAfter, TransientFailure } from '../failures/retry.ts';
import { followLocation, isRedirect, maxRedirects } from './redirect.ts';

/** One request. */
export interface SessionRequest extends Cancellable {
  readonly method: HttpRequest['method'];
  /** A path below the repository, such as `manifests/latest`, or a URL that the registry named. */
  readonly target: string | URL;
  /** Query of a path. */
  readonly query?: Readonly<Record<string, string>> | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly body?: HttpRequest['body'];
  /** See `HttpRequest`. */
  readonly storesBytes?: number | undefined;
  /** Accepted statuses; others become errors. */
  readonly expect: readonly number[];
}

/** Sends requests to one repository. */
export interface Session {
  readonly connections: Connections;
  /**
   * Send a request once.
   * @returns a response with one of the expected statuses, after redirects
   * @throws {TransientFailure} a retry may succeed
   * @throws {OutboardError} by status, see `kindOfStatus`; forbidden for a redirect that is not allowed
   */
  send(request: SessionRequest): Promise<HttpResponse>;
}

/** Parts of a session. */
export interface SessionDeps {
  readonly endpoint: Endpoint;
  readonly connections: Connections;
  readonly authorizer: Authorizer;
  /** Repository path, such as `library/alpine`. */
  readonly path: string;
  /** Headers for the registry's own host. */
  readonly headers: Readonly<Record<string, string>>;
  /** Finds the route to a host that the registry named. */
  readonly routeTo: (url: URL, registry: Base) => Route;
}

const maxErrorBody = 64 * 1024;
/** Upper bound of attempts: a cached token, a token for each set of scopes, and a password. */
const maxAttempts = 5;

/** Open a session; nothing is sent before the first request. */
export function createSession(options: SessionDeps): Session {
  return {
    connections: options.connections,
    async send(request) {
      const base = await options.endpoint.base(request.signal);
      const url = resolveTarget(options.path, base, request);
      const response = await followRedirects(options, base, request, url);
      if (!request.expect.includes(response.status)) throw await refusal(options, base, response);
      refuseEncoding(response);
      return response;
    },
  };
}

function resolveTarget(path: string, base: Base, { target, query = {} }: SessionRequest): URL {
  if (target instanceof URL) return target;
  const wanted = `/v2/${path}/${target}`;
  const url = new URL(wanted, base.url);
  // `..`, `?` and the like in a name would change the path that was checked.
  if (url.pathname !== wanted || url.search !== '') {
    throw new OutboardError('invalid', `invalid repository or object name in ${JSON.stringify(wanted)}`);
  }
  url.search = new URLSearchParams(query).toString();
  return url;
}

async function followRedirects(
  options: SessionDeps,
  base: Base,
  request: SessionRequest,
  first: URL,
): Promise<HttpResponse> {
  let url = first;
  let own = url.origin === base.url.origin;
  for (let hops = 0; ; hops++) {
    const response = await (own
      ? sendToRegistry(options, base, request, url)
      : sendToForeignHost(options, base, request, url));
    const follows = request.method === 'GET' || request.method === 'HEAD';
    if (!follows || !isRedirect(response.status) || request.expect.includes(response.status)) return response;
    await readStart(response, options.connections, maxErrorBody);
    if (hops === maxRedirects) {
      throw new OutboardError(
        'forbidden',
        `refusing to follow more than ${maxRedirects} redirects from ${first.host}`,
      );
    }
    url = followLocation(url, response.headers.get('location'));
    // After a redirect to another host no request of the chain gets credentials, also not back at the registry.
    own &&= url.origin === base.url.origin;
  }
}

async function sendToRegistry(
  options: SessionDeps,
  base: Base,
  request: SessionRequest,
  url: URL,
): Promise<HttpResponse> {
  const { authorizer, connections, endpoint } = options;
  const attempt = async (authorization: string | undefined) => {
    const headers = {
      ...options.headers,
      ...request.headers,
      ...(authorization === undefined ? {} : { authorization }),
    };
    return await connections.exchange(toHttp(request, url, headers, base.route)).catch((failure: unknown) => {
      if (failure instanceof TransientFailure || isOutboardError(failure, 'unavailable'))
        endpoint.connectionFailed();
      throw failure;
    });
  };
  let sent = await authorizer.authorization(base, request.signal);
  let response = await attempt(sent);
  // A streamed body can be sent once: the caller opens it again for the next attempt, with the new credentials.
  const canRepeat = request.body === undefined || request.body instanceof Uint8Array;
  const attempts: AuthorizationAttempts = { refused: new Set(), fresh: new Set() };
  while (response.status === 401) {
    if (sent !== undefined) attempts.refused.add(sent);
    const challenges = response.headers.all('www-authenticate');
    const body = await readStart(response, connections, maxErrorBody);
    const isLast = attempts.refused.size >= maxAttempts;
    sent = isLast ? undefined : await authorizer.answerChallenge(base, challenges, attempts, request.signal);
    if (sent === undefined || !canRepeat) {
      const note = sent === undefined ? authorizer.explainRefusal(base, response.status) : '';
      const error = unexpectedStatus({ ...response, body: textOf(response, body) }, note);
      throw sent === undefined ? error : new TransientFailure(error, { retryAfterMs: 0 });
    }
    response = await attempt(sent);
  }
  return response;
}

async function sendToForeignHost(
  options: SessionDeps,
  base: Base,
  request: SessionRequest,
  url: URL,
): Promise<HttpResponse> {
  const route = options.routeTo(url, base);
  return await options.connections.exchange(toHttp(request, url, request.headers ?? {}, route));
}

function toHttp(
  request: SessionRequest,
  url: URL,
  headers: Readonly<Record<string, string>>,
  route: Route,
): HttpRequest {
  return {
    method: request.method,
    url,
    headers,
    route,
    body: request.body,
    storesBytes: request.storesBytes,
    signal: request.signal,
  };
}

async function refusal(
  options: SessionDeps,
  base: Base,
  response: HttpResponse,
): Promise<OutboardError | TransientFailure> {
  const { connections, authorizer } = options;
  const body = await readStart(response, connections, maxErrorBody);
  // The text of another server is not shown: a registry could make this host read a server that only this host reaches.
  const error =
    response.url.origin === base.url.origin
      ? unexpectedStatus(
          { ...response, body: textOf(response, body) },
          authorizer.explainRefusal(base, response.status),
        )
      : unexpectedStatus(
          { ...response, body: Buffer.alloc(0) },
          `registry "${base.url.host}" redirected to it`,
          'another server',
        );
  if (!isTransientStatus(response.status)) return error;
  return new TransientFailure(error, {
    retryAfterMs: parseRetryAfter(response.headers.get('retry-after'), connections.clock.now().getTime()),
  });
}

/** The body of an error, unless it is encoded: error texts are not decoded. */
function textOf(response: HttpResponse, body: Buffer): Buffer {
  return response.headers.get('content-encoding') === undefined ? body : Buffer.alloc(0);
}

/** Refuse encoded content: a digest covers the stored bytes, and a decoder would be one more target of attacks. */
function refuseEncoding(response: HttpResponse): void {
  const encoding = response.headers.get('content-encoding');
  if (encoding === undefined || encoding.toLowerCase() === 'identity') return;
  response.body.destroy();
  throw new OutboardError(
    'invalid',
    `refusing an answer with Content-Encoding ${JSON.stringify(encoding.slice(0, 100))}: want identity`,
  );
}
