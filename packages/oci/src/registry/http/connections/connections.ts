/**
 * One HTTP request, one answer: connection pools, TLS rules and deadlines. It follows no redirect, decodes no
 * content and knows no credentials; the layers above do.
 */
import { isIP } from 'node:net';
import type { Readable } from 'node:stream';
import { type Clock, type Random, rejectOnAbort } from '@outboard/async';
import type { Agent } from 'undici';
import { hostnameOf, isWithinReach } from '../hosts/addresses.ts';
import { explainFault, outOfReach } from './connection-fault.ts';
import { openExchangeScope } from './exchange-scope.ts';
import type { HttpRequest, Route, UploadBody } from './http-request.ts';
import { type StallLimits, stallLimitsFor } from './stall-watch.ts';

/** Headers of an answer; names in lower case. */
export interface AnswerHeaders {
  /** The value of a header; repeated ones are joined by `, `. */
  get(name: string): string | undefined;
  /** Each value of a header that may be repeated. */
  all(name: string): readonly string[];
}

/** The head of an answer, with its body still to come. The receiver consumes or destroys the body. */
export interface Answer {
  readonly method: HttpRequest['method'];
  readonly url: URL;
  readonly status: number;
  readonly headers: AnswerHeaders;
  readonly body: Readable;
  /** What an error of the body means: the signal's reason, a `TransientFailure`, or an `OutboardError`. */
  explain(error: unknown): unknown;
}

/** What connections need from their owner. */
export interface ConnectionOptions {
  readonly userAgent: string;
  readonly clock: Clock;
  /** For the jitter of retries; default `Math.random`. */
  readonly random?: Random | undefined;
  /** Certificates to trust besides the system's, as PEM. */
  readonly ca?: string | undefined;
  readonly stallLimits?: StallLimits | undefined;
  /** Whether the operator allows an address wherever a registry leads. */
  readonly isAllowed?: ((address: string) => boolean) | undefined;
}

/** Connection pools. Close them to end every request under way. */
export interface Connections extends AsyncDisposable {
  readonly clock: Clock;
  readonly random: Random;
  readonly stallLimits: StallLimits;
  /**
   * Send a request and wait for the head of the answer.
   * @throws {TransientFailure} the connection failed or stalled in a way that another try may cure
   * @throws {OutboardError} unavailable when it failed in another way; the signal's reason when aborted
   */
  exchange(request: HttpRequest): Promise<Answer>;
  /** The address of the last connection to an origin whose route leads anywhere; undefined before there was one. */
  addressOf(origin: string): string | undefined;
}

/** What one answer buffers before the connection is paused. */
const answerBufferBytes = 256 * 1024;

/** Open connection pools; they connect when they are used. */
export function createConnections(options: ConnectionOptions): Connections {
  const agents = new Map<string, Promise<Agent>>();
  const addresses = new Map<string, string>();
  const limits = options.stallLimits ?? stallLimitsFor(30_000);
  const mayReach = (address: string, route: Route) =>
    isWithinReach(address, route.reach) || options.isAllowed?.(address) === true;

  // A pool of its own for each reach: a connection that one registry may use is not there for another.
  function agentFor(route: Route): Promise<Agent> {
    const key = `${route.verifyTls} ${route.reach} ${route.authorities ?? ''}`;
    const known = agents.get(key);
    if (known !== undefined) return known;
    // Loaded by the first request: a program that has nothing to ask of a registry starts without the library.
    const agent = import('./create-agent.ts').then(({ createAgent }) =>
      createAgent(route, {
        ca: options.ca,
        mayReach: (address) => mayReach(address, route),
        onConnect(origin, address) {
          if (route.reach === 'anywhere') addresses.set(origin, address);
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
      // An address is not looked up, so that the look-up cannot refuse it.
      if (isIP(hostname) !== 0 && !mayReach(hostname, request.route)) throw outOfReach(request);
      return await exchange(await agentFor(request.route), request, options, limits);
    },
    addressOf: (origin) => addresses.get(origin),
    async [Symbol.asyncDispose]() {
      await Promise.all([...agents.values()].map(async (agent) => (await agent).destroy()));
    },
  };
}

async function exchange(
  agent: Agent,
  request: HttpRequest,
  options: ConnectionOptions,
  limits: StallLimits,
): Promise<Answer> {
  const scope = openExchangeScope(request, options.clock, limits);
  const explain = (error: unknown) => explainFault(request, error, scope.idleMs());
  try {
    const sent = agent.request({
      origin: request.url.origin,
      path: `${request.url.pathname}${request.url.search}`,
      method: request.method,
      headers: {
        ...request.headers,
        'user-agent': options.userAgent,
        'accept-encoding': 'identity',
        ...(isUpload(request.body) ? { 'content-length': String(request.body.size) } : {}),
      },
      body: scope.body,
      signal: scope.signal,
      highWaterMark: answerBufferBytes,
    });
    // undici looks at the signal once it is connected, which a peer can put off for as long as connecting may take.
    const response = await rejectOnAbort(sent, scope.signal);
    scope.answered();
    response.body.once('close', scope.release);
    // undici reports a body that is dropped unread as an error, which would end the process if nobody listened.
    // Whoever reads the body still gets the error.
    response.body.on('error', () => {});
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
    throw explain(error);
  }
}

function isUpload(body: HttpRequest['body']): body is UploadBody {
  return body !== undefined && !(body instanceof Uint8Array);
}

function wrapHeaders(headers: Readonly<Record<string, string | string[] | undefined>>): AnswerHeaders {
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
