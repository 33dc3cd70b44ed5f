/**
 * Requests to one repository: credentials and custom headers for the registry's own host and nobody else,
 * redirects, and one answer to an authentication challenge.
 */
import { isOutboardError, OutboardError } from '../../../errors/outboard-error.ts';
import type { Authorizer, Proofs } from '../authentication/authorizer.ts';
import { readStart } from '../connections/bounded-body.ts';
import type { Answer, Connections } from '../connections/connections.ts';
import type { Base, Endpoint } from '../connections/endpoint.ts';
import type { HttpRequest, Route } from '../connections/http-request.ts';
import { unexpectedStatus } from '../failures/registry-error.ts';
import { isTransientStatus, parseRetryAfter, TransientFailure } from '../failures/retry.ts';
import { followLocation, isRedirect, maxRedirects } from './redirect.ts';

/** One request. */
export interface SessionRequest {
  readonly method: HttpRequest['method'];
  /** A path below the repository, such as `manifests/latest`, or a whole URL that the registry named. */
  readonly target: string | URL;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly body?: HttpRequest['body'];
  /** See `HttpRequest`. */
  readonly storesBytes?: number | undefined;
  /** Statuses that are answers; others become errors. */
  readonly expect: readonly number[];
  readonly signal?: AbortSignal | undefined;
}

/** Sends requests about one repository. */
export interface Session {
  readonly connections: Connections;
  /**
   * Send a request once.
   * @returns an answer with one of the expected statuses, from wherever redirects led
   * @throws {TransientFailure} another try may work
   * @throws {OutboardError} by status, see `kindOfStatus`; forbidden when a redirect leads where it must not
   */
  send(request: SessionRequest): Promise<Answer>;
}

/** What a session is made of. */
export interface SessionOptions {
  readonly endpoint: Endpoint;
  readonly connections: Connections;
  readonly authorizer: Authorizer;
  /** Repository path, such as `library/alpine`. */
  readonly path: string;
  /** Headers for the registry's own host. */
  readonly headers: Readonly<Record<string, string>>;
  /** How to connect to a host that the registry named. */
  readonly routeTo: (url: URL, registry: Base) => Route;
}

const maxErrorBody = 64 * 1024;
/** Proofs of one request, at most: a token at hand, one for each set of scopes, and a password. */
const maxProofs = 5;

/** Start a session. */
export function createSession(options: SessionOptions): Session {
  return {
    connections: options.connections,
    async send(request) {
      const base = await options.endpoint.base(request.signal);
      const url = resolveTarget(options.path, base, request.target);
      const answer = await followRedirects(options, base, request, url);
      if (!request.expect.includes(answer.status)) throw await refusal(options, base, answer);
      refuseEncoding(answer);
      return answer;
    },
  };
}

function resolveTarget(path: string, base: Base, target: string | URL): URL {
  if (target instanceof URL) return target;
  const wanted = `/v2/${path}/${target}`;
  const url = new URL(wanted, base.url);
  // `..`, `?` and the like in a name would ask for another thing than the one that was checked.
  if (url.pathname !== wanted || url.search !== '') {
    throw new OutboardError('invalid', `invalid repository or object name in ${JSON.stringify(wanted)}`);
  }
  return url;
}

async function followRedirects(
  options: SessionOptions,
  base: Base,
  request: SessionRequest,
  first: URL,
): Promise<Answer> {
  let url = first;
  let own = url.origin === base.url.origin;
  for (let hops = 0; ; hops++) {
    const answer = await (own
      ? sendToRegistry(options, base, request, url)
      : sendAbroad(options, base, request, url));
    const follows = request.method === 'GET' || request.method === 'HEAD';
    if (!follows || !isRedirect(answer.status) || request.expect.includes(answer.status)) return answer;
    await readStart(answer, options.connections, maxErrorBody);
    if (hops === maxRedirects) {
      throw new OutboardError(
        'forbidden',
        `refusing to follow more than ${maxRedirects} redirects from ${first.host}`,
      );
    }
    url = followLocation(url, answer.headers.get('location'));
    // Once a redirect left the registry, nothing that follows sees its credentials, a way back included.
    own &&= url.origin === base.url.origin;
  }
}

async function sendToRegistry(
  options: SessionOptions,
  base: Base,
  request: SessionRequest,
  url: URL,
): Promise<Answer> {
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
  let answer = await attempt(sent);
  // A streamed body is spent: the caller opens it anew for its next try, with the credentials found here.
  const canRepeat = request.body === undefined || request.body instanceof Uint8Array;
  const proofs: Proofs = { refused: new Set(), fresh: new Set() };
  while (answer.status === 401) {
    if (sent !== undefined) proofs.refused.add(sent);
    const challenges = answer.headers.all('www-authenticate');
    const body = await readStart(answer, connections, maxErrorBody);
    const isLast = proofs.refused.size >= maxProofs;
    sent = isLast ? undefined : await authorizer.answer(base, challenges, proofs, request.signal);
    if (sent === undefined || !canRepeat) {
      const note = sent === undefined ? authorizer.giveUp(base, answer.status) : '';
      const error = unexpectedStatus({ ...answer, body: textOf(answer, body) }, note);
      throw sent === undefined ? error : new TransientFailure(error, { retryAfterMs: 0 });
    }
    answer = await attempt(sent);
  }
  return answer;
}

async function sendAbroad(
  options: SessionOptions,
  base: Base,
  request: SessionRequest,
  url: URL,
): Promise<Answer> {
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
  options: SessionOptions,
  base: Base,
  answer: Answer,
): Promise<OutboardError | TransientFailure> {
  const { connections, authorizer } = options;
  const body = await readStart(answer, connections, maxErrorBody);
  // What another server says is not shown: a registry could have this host read a server that only it reaches.
  const error =
    answer.url.origin === base.url.origin
      ? unexpectedStatus({ ...answer, body: textOf(answer, body) }, authorizer.giveUp(base, answer.status))
      : unexpectedStatus(
          { ...answer, body: Buffer.alloc(0) },
          `registry "${base.url.host}" leads there`,
          'another server',
        );
  if (!isTransientStatus(answer.status)) return error;
  return new TransientFailure(error, {
    retryAfterMs: parseRetryAfter(answer.headers.get('retry-after'), connections.clock.now().getTime()),
  });
}

// An encoded text is not worth a decoder.
function textOf(answer: Answer, body: Buffer): Buffer {
  return answer.headers.get('content-encoding') === undefined ? body : Buffer.alloc(0);
}

// A digest covers the bytes as stored: decoded ones would be other bytes, and a decoder is one more thing to attack.
function refuseEncoding(answer: Answer): void {
  const encoding = answer.headers.get('content-encoding');
  if (encoding === undefined || encoding.toLowerCase() === 'identity') return;
  answer.body.destroy();
  throw new OutboardError(
    'invalid',
    `refusing an answer with Content-Encoding ${JSON.stringify(encoding.slice(0, 100))}: want identity`,
  );
}
