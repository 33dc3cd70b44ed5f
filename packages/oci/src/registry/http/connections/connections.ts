/**
 * Sends one HTTP request and receives its response: connection pools, TLS rules and deadlines. Redirects, decoding and
 * credentials belong to the layers above.
 */
import { isIP } from 'node:net';
import type { Readable } from 'node:stream';
import { type Clock, type Random, rejectOnAbort } from '@outboard/async';
import type { Agent } from 'undici';
import { errorCode, isTlsAlert } from '../failures/retry.ts';
import { hostnameOf, isWithinReach } from '../hosts/addresses.ts';
import { explainFault, outOfReach } from './connection-fault.ts';
import { openExchangeScope } from './exchange-scope.ts';
import type { HttpRequest, Route, RouteProxy, UploadBody } from './http-request.ts';
import { proxyRefusal } from './proxy-refusal.ts';
import { type StallLimits, stallLimitsFor } from './stall-watch.ts';

/** Headers of a response; names in lower case. */
export interface ResponseHeaders {
  /** The value of a header; repeated ones are joined by `, `. */
  get(name: string): string | undefined;
  /** Each value of a header that may be repeated. */
  all(name: string): readonly string[];
}

/** The head of a response, and its body as a stream that the receiver consumes or destroys. */
export interface HttpResponse {
  readonly method: HttpRequest['method'];
  readonly url: URL;
  readonly status: number;
  readonly headers: ResponseHeaders;
  readonly body: Readable;
  /** Translate an error of the body: to the signal's reason, a `TransientFailure`, or an `OutboardError`. */
  explain(error: unknown): unknown;
}

/** Parts and settings of connections. */
export interface ConnectionsDeps {
  readonly userAgent: string;
  readonly clock: Clock;
  /** For the jitter of retries; default `Math.random`. */
  readonly random?: Random | undefined;
  /** Certificates to trust besides the system's, as PEM. */
  readonly ca?: string | undefined;
  readonly stallLimits?: StallLimits | undefined;
  /** True for addresses that the operator allows in addition to the reach of a route. */
  readonly isAllowed?: ((address: string) => boolean) | undefined;
}

/** Connection pools. Disposing aborts all requests. */
export interface Connections extends AsyncDisposable {
  readonly clock: Clock;
  readonly random: Random;
  readonly stallLimits: StallLimits;
  /**
   * Send a request and wait for the head of the response.
   * @throws {TransientFailure} the connection failed or stalled, and a retry may succeed
   * @throws {OutboardError} unavailable for other failures; the signal's reason when aborted
   */
  exchange(request: HttpRequest): Promise<HttpResponse>;
  /** The address of the last connection to an origin with reach `anywhere`; undefined before the first one. */
  addressOf(origin: string): string | undefined;
}

/** Bytes of one response that are buffered before the connection is paused. */
const answerBufferBytes = 256 * 1024;

/** Create connection pools; they connect with the first request. */
export function createConnections(options: ConnectionsDeps): Connections {
  const agents = new Map<string, Promise<Agent>>();
  const addresses = new Map<string, string>();
  const alerts = new Map<string, Error>();
  const limits = options.stallLimits ?? stallLimitsFor(30_000);
  const mayReach = (address: string, route: Route) =>
    isWithinReach(address, route.reach) || options.isAllowed?.(address) === true;

  // One pool per reach: a connection to an address that one registry may use is not shared with another.
  function agentFor(route: Route, proxy: RouteProxy | undefined, scheme: string): Promise<Agent> {
    const { verifyTls, reach, authorities, identity } = route;
    const via = proxy && [scheme, proxy.url.origin, proxy.authorization, proxy.authorities];
    const key = JSON.stringify([verifyTls, reach, authorities, identity, via]);
    const known = agents.get(key);
    if (known !== undefined) return known;
    // Imported with the first request, so that a program without requests starts faster.
    const agent = import('./create-agent.ts').then(({ createAgent }) =>
      createAgent(route, {
        ca: options.ca,
        proxy: proxy && { ...proxy, tunnels: scheme === 'https:' },
        mayReach: (address) => mayReach(address, route),
        onError(origin, error) {
          if (isTlsAlert(error)) alerts.set(origin, error);
        },
        onConnect(origin, address) {
          if (route.reach === 'anywhere' && proxy === undefined) addresses.set(origin, address);
        },
      }),
    );
    agents.set(key, agent);
    return agent;
  }

  return {
    clock: options.clock,
    random: options.random ?? Math.random,
    stallLimits: limits,
    async exchange(request) {
      request.signal?.throwIfAborted();
      const hostname = hostnameOf(request.url);
      // The check of the look-up does not see address literals, because they are not looked up.
      if (isIP(hostname) !== 0 && !mayReach(hostname, request.route)) throw outOfReach(request);
      const proxy = request.route.proxyFor?.(request.url);
      const agent = await agentFor(request.route, proxy, request.url.protocol);
      return await exchange({ agent, proxy, limits, alerts }, request, options);
    },
    addressOf: (origin) => addresses.get(origin),
    async [Symbol.asyncDispose]() {
      await Promise.all([...agents.values()].map(async (agent) => (await agent).destroy()));
    },
  };
}

/** The way to a host. */
interface Way {
  readonly agent: Agent;
  readonly proxy: RouteProxy | undefined;
  readonly limits: StallLimits;
  /** The last alert of TLS after the handshake, by origin. */
  readonly alerts: Map<string, Error>;
}

/** The alert that ended a connection, in place of the error of the library, which does not tell it. */
function withAlert(error: unknown, origin: string, alerts: Map<string, Error>): unknown {
  const alert = alerts.get(origin);
  alerts.delete(origin);
  return alert !== undefined && closedCodes.has(errorCode(error) ?? '') ? alert : error;
}

const closedCodes: ReadonlySet<string> = new Set(['UND_ERR_SOCKET', 'ECONNRESET']);

async function exchange(
  { agent, proxy, limits, alerts }: Way,
  request: HttpRequest,
  options: ConnectionsDeps,
): Promise<HttpResponse> {
  const scope = openExchangeScope(request, options.clock, limits);
  const explain = (error: unknown) => explainFault(request, error, scope.idleMs());
  try {
    const target = targetOf(request.url, proxy);
    const sent = agent.request({
      origin: target.origin,
      path: target.path,
      method: request.method,
      headers: {
        ...request.headers,
        ...target.headers,
        'user-agent': options.userAgent,
        'accept-encoding': 'identity',
        ...(isUpload(request.body) ? { 'content-length': String(request.body.size) } : {}),
      },
      body: scope.body,
      signal: scope.signal,
      highWaterMark: answerBufferBytes,
    });
    // undici checks the signal once it is connected, which can take as long as the time limit for connecting.
    const response = await rejectOnAbort(sent, scope.signal);
    scope.answered();
    response.body.once('close', scope.release);
    // undici emits an error for a body that is discarded unread; without a listener it would end the process. A reader
    // of the body still gets the error.
    response.body.on('error', () => {});
    if (response.statusCode === 407 && proxy !== undefined) {
      response.body.destroy();
      throw proxyRefusal(proxy, 407);
    }
    return {
      method: request.method,
      url: request.url,
      status: response.statusCode,
      headers: wrapHeaders(response.headers),
      body: response.body,
      explain,
    };
  } catch (error) {
    scope.release();
    throw explain(withAlert(error, request.url.origin, alerts));
  }
}

/**
 * The target of a request on its connection. A plain request to a proxy names the whole URL.
 * @see RFC 9112, 3.2.2
 */
function targetOf(
  url: URL,
  proxy: RouteProxy | undefined,
): { readonly origin: string; readonly path: string; readonly headers: Readonly<Record<string, string>> } {
  const path = `${url.pathname}${url.search}`;
  if (proxy === undefined || url.protocol === 'https:') return { origin: url.origin, path, headers: {} };
  const { authorization } = proxy;
  return {
    origin: proxy.url.origin,
    path: `${url.origin}${path}`,
    headers: { host: url.host, ...(authorization !== undefined && { 'proxy-authorization': authorization }) },
  };
}

function isUpload(body: HttpRequest['body']): body is UploadBody {
  return body !== undefined && !(body instanceof Uint8Array);
}

function wrapHeaders(headers: Readonly<Record<string, string | string[] | undefined>>): ResponseHeaders {
  const values = (name: string): readonly string[] => {
    const value = Object.hasOwn(headers, name) ? headers[name] : undefined;
    if (value === undefined) return [];
    return typeof value === 'string' ? [value] : value;
  };
  return {
    all: values,
    get(name) {
      const all = values(name);
      return all.length === 0 ? undefined : all.join(', ');
    },
  };
}
