/**
 * One HTTP request, one answer: connection pools, TLS rules and deadlines. It follows no redirect, decodes no
 * content and knows no credentials; the layers above do.
 */
import type { Readable } from 'node:stream';
import type { Agent } from 'undici';
import { OutboardError } from '../errors.ts';
import { isLinkLocal } from './addresses.ts';
import type { Clock } from './clock.ts';
import { openExchangeScope } from './exchange-scope.ts';
import type { HttpRequest, Route, UploadBody } from './http-request.ts';
import { quoteForeignText, redactUrl } from './registry-error.ts';
import { errorCode, isTransientFault, TransientFailure } from './retry.ts';
import { defaultStallLimits, type StallLimits } from './stall-watch.ts';

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
  /** Certificates to trust besides the system's, as PEM. */
  readonly ca?: string;
  readonly stallLimits?: StallLimits;
}

/** Connection pools. Close them to end every request under way. */
export interface Connections extends AsyncDisposable {
  readonly clock: Clock;
  readonly stallLimits: StallLimits;
  /**
   * Send a request and wait for the head of the answer.
   * @throws {TransientFailure} the connection failed or stalled in a way that another try may cure
   * @throws {OutboardError} unavailable when it failed in another way; the signal's reason when aborted
   */
  exchange(request: HttpRequest): Promise<Answer>;
}

/** What one answer buffers before the connection is paused. */
const answerBufferBytes = 256 * 1024;

/** Open connection pools; they connect when they are used. */
export function createConnections(options: ConnectionOptions): Connections {
  const agents = new Map<string, Promise<Agent>>();
  const limits = options.stallLimits ?? defaultStallLimits;

  function agentFor(route: Route): Promise<Agent> {
    const key = `${route.verifyTls} ${route.foreign}`;
    const known = agents.get(key);
    if (known !== undefined) return known;
    // Loaded by the first request: a program that has nothing to ask of a registry starts without the library.
    const agent = import('./create-agent.ts').then(({ createAgent }) => createAgent(route, options.ca));
    agents.set(key, agent);
    return agent;
  }

  return {
    clock: options.clock,
    stallLimits: limits,
    async exchange(request) {
      request.signal?.throwIfAborted();
      if (request.route.foreign) refuseLinkLocal(request.url);
      return await exchange(await agentFor(request.route), request, options, limits);
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([...agents.values()].map(async (agent) => (await agent).destroy()));
    },
  };
}

function refuseLinkLocal(url: URL): void {
  const hostname = url.hostname.replace(/^\[(.*)\]$/, '$1');
  if (isLinkLocal(hostname)) {
    throw new OutboardError(
      'forbidden',
      `refusing to connect to ${redactUrl(url)}: the address is link-local`,
    );
  }
}

async function exchange(
  agent: Agent,
  request: HttpRequest,
  options: ConnectionOptions,
  limits: StallLimits,
): Promise<Answer> {
  const scope = openExchangeScope(request, options.clock, limits);
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
    const response = await orAbort(sent, scope.signal);
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
      explain: (error) => explainFault(request, error),
    };
  } catch (error) {
    scope.release();
    throw explainFault(request, error);
  }
}

// undici looks at the signal once it is connected, which a peer can put off for as long as connecting may take.
async function orAbort<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return await new Promise<T>((resolve, reject) => {
    const onAbort = () => reject(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
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

function explainFault(request: HttpRequest, error: unknown): unknown {
  if (request.signal?.aborted) return request.signal.reason;
  if (error instanceof TransientFailure) return error;
  if (error instanceof OutboardError)
    return error.kind === 'unavailable' ? new TransientFailure(error) : error;
  const reason = error instanceof Error ? describeFault(error) : String(error);
  const wrapped = new OutboardError(
    'unavailable',
    `failed to do request: ${request.method} "${redactUrl(request.url)}": ${quoteForeignText(reason)}`,
    { cause: error },
  );
  return isTransientFault(error) ? new TransientFailure(wrapped) : wrapped;
}

function describeFault(error: Error): string {
  if (error instanceof AggregateError) return error.errors.map((each) => describeFault(each)).join(', ');
  const code = errorCode(error);
  // OpenSSL's sentence for "the first bytes were not TLS", which says little to most readers
  if (
    code === 'EPROTO' ||
    code === 'ERR_SSL_WRONG_VERSION_NUMBER' ||
    code === 'ERR_SSL_PACKET_LENGTH_TOO_LONG'
  ) {
    return 'server gave HTTP response to HTTPS client';
  }
  return error.message || code || error.name;
}
