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
import { quoteForeignText, redactUrl, unexpectedStatus } from '../failures/registry-error.ts';
import { isTransientStatus, parseRetryAfter, TransientFailure } from '../failures/retry.ts';
import { followLocation, followsRedirect, isRedirect, isSignedUrl, maxRedirects } from './redirect.ts';
import { type RepeatedBody, repeatBody } from './repeated-body.ts';

/** One request. */
export interface SessionRequest extends Cancellable {
  readonly method: HttpRequest['method'];
  /** A path below the repository, such as `manifests/latest`, or a URL that the registry named. */
  readonly target: string | URL;
  /** Query of a path. */
  readonly query?: Readonly<Record<string, string>> | undefined;
  /** Each value of an array is sent in a line of its own. */
  readonly headers?: HttpRequest['headers'] | undefined;
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
/** Upper bound of refused attempts: a cached token, a token for each set of scopes of two realms, and a password. */
const maxAttempts = 10;

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
  const body = repeatBody(request.body);
  let url = first;
  let own = url.origin === base.url.origin;
  for (let hops = 0; ; hops++) {
    const isNamed = hops > 0 || request.target instanceof URL;
    const response = await (own && !(isNamed && isSignedUrl(url))
      ? sendToRegistry(options, base, { request, body, url })
      : sendToForeignHost(options, base, { request, body, url }));
    const follows = followsRedirect(request.method, response.status, body.canRepeat);
    if (!follows || request.expect.includes(response.status)) return response;
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

/** One request to one URL, with all of its attempts. */
interface Sending {
  readonly request: SessionRequest;
  readonly body: RepeatedBody;
  readonly url: URL;
}

async function sendToRegistry(options: SessionDeps, base: Base, sending: Sending): Promise<HttpResponse> {
  const { authorizer, connections, endpoint } = options;
  const { signal } = sending.request;
  const attempt = async (authorization: string | undefined) => {
    const headers = { ...options.headers, ...(authorization === undefined ? {} : { authorization }) };
    return await connections.exchange(toHttp(sending, headers, base.route)).catch((failure: unknown) => {
      if (failure instanceof TransientFailure || isOutboardError(failure, 'unavailable'))
        endpoint.connectionFailed();
      throw failure;
    });
  };
  let sent = await authorizer.authorization(base, signal);
  let response = await attempt(sent);
  const attempts: AuthorizationAttempts = { refused: new Set(), fresh: new Set() };
  while (response.status === 401) {
    if (sent !== undefined) attempts.refused.add(sent);
    const challenges = response.headers.all('www-authenticate');
    const body = await readStart(response, connections, maxErrorBody);
    const isLast = attempts.refused.size >= maxAttempts;
    sent = isLast ? undefined : await authorizer.answerChallenge(base, challenges, attempts, signal);
    // A body that can be sent once is opened again by the caller, for the next attempt with the new credentials.
    if (sent === undefined || !sending.body.canRepeat) {
      const note = sent === undefined ? authorizer.explainRefusal(base, response.status) : '';
      const error = unexpectedStatus({ ...response, body: textOf(response, body) }, note);
      throw sent === undefined ? error : new TransientFailure(error, { retryAfterMs: 0 });
    }
    response = await attempt(sent);
  }
  return response;
}

/** Storage and other servers that the registry named get neither credentials nor extra headers. */
async function sendToForeignHost(options: SessionDeps, base: Base, sending: Sending): Promise<HttpResponse> {
  const isOwn = sending.url.origin === base.url.origin;
  const route = isOwn ? base.route : options.routeTo(sending.url, base);
  return await options.connections.exchange(toHttp(sending, {}, route));
}

function toHttp({ request, body, url }: Sending, own: HttpRequest['headers'], route: Route): HttpRequest {
  const { authorization, ...extra } = own;
  return {
    method: request.method,
    url,
    headers: { ...extra, ...request.headers, ...(authorization !== undefined && { authorization }) },
    route,
    body: body.take(),
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
          isRedirect(response.status)
            ? notFollowed(response)
            : authorizer.explainRefusal(base, response.status),
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

/** The words for a redirect that would turn an upload into a download. */
function notFollowed(response: HttpResponse): string {
  const location = response.headers.get('location') ?? '';
  const to = URL.canParse(location, response.url.href)
    ? redactUrl(new URL(location, response.url))
    : 'nowhere';
  return `the redirect to ${quoteForeignText(to)} is not followed: uploads follow 307 and 308 only; push to that registry by its own name`;
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
