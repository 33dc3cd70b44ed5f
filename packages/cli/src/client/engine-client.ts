/**
 * A client of the Docker Engine API: requests, versions and errors. The files `…-api.ts` hold the routes.
 * It uses `node:http`, which loads in 5 ms; undici takes 100 ms, longer than most commands.
 */
import { once } from 'node:events';
import type { ClientRequest, IncomingMessage, OutgoingHttpHeaders, RequestOptions } from 'node:http';
import type { Duplex, Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { CommandError, DaemonError } from '../command-error.ts';
import { chooseApiVersion } from './api-version.ts';
import { explainConnectionError } from './connection-error.ts';
import type { EngineAddress } from './engine-address.ts';
import { readBody } from './read-body.ts';
import { openTransport, type Transport } from './transport.ts';

/** One request. */
export interface EngineRequest {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'DELETE';
  /** Encoded path without version, such as `/plugins/acme/p:v1/json`. */
  readonly path: string;
  /** Undefined parameters are left out. */
  readonly query?: Readonly<Record<string, string | undefined>> | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Sent as JSON. */
  readonly json?: unknown;
  /** Sent unchanged, chunked; destroyed on failure. */
  readonly body?: Readable | undefined;
}

/** A connection that was upgraded from HTTP. */
export interface UpgradedConnection {
  readonly connection: Duplex;
  /** Bytes that were received with the upgrade. */
  readonly first: Buffer;
}

/** Options of a client. */
export interface EngineClientOptions {
  readonly address: EngineAddress;
  /** Cancels all requests. */
  readonly signal: AbortSignal;
  /** Program and version. */
  readonly userAgent: string;
  /** DOCKER_API_VERSION: used without negotiation. */
  readonly apiVersion?: string | undefined;
}

const maxErrorBytes = 1024 * 1024;
const maxAnswerBytes = 64 * 1024 * 1024;

/** A client of one daemon. Close it: its idle connections keep the process alive. */
export class EngineClient {
  readonly #options: EngineClientOptions;
  #transport: Promise<Transport> | undefined;
  #version: Promise<string> | undefined;

  constructor(options: EngineClientOptions) {
    this.#options = options;
  }

  /** Address of the daemon. */
  get address(): EngineAddress {
    return this.#options.address;
  }

  /** A client of the same daemon that another signal cancels, for what a cancelled command still has to do. Close it as well. */
  withSignal(signal: AbortSignal): EngineClient {
    return new EngineClient({ ...this.#options, signal });
  }

  /** Close all connections. */
  async close(): Promise<void> {
    // The sender of the first request already got the error of opening.
    const transport = await this.#transport?.catch(() => undefined);
    transport?.close();
  }

  /** The negotiated API version, such as `1.51`; negotiated once. */
  apiVersion(): Promise<string> {
    this.#version ??= this.#negotiate();
    return this.#version;
  }

  /**
   * Send a request and return the answer once its headers are received. The caller reads or destroys the answer.
   * @throws {DaemonError} if the status is 400 or higher
   * @throws {CommandError} if there is no daemon, or the connection breaks
   */
  async open(request: EngineRequest): Promise<IncomingMessage> {
    const version = await this.apiVersion();
    const response = await this.#send({ ...request, path: `/v${version}${request.path}` });
    const status = response.statusCode ?? 0;
    if (status >= 400) throw await toDaemonError(response);
    if (status < 200 || status >= 300) {
      response.destroy();
      throw new CommandError(`the daemon answered with the unexpected status ${status}`);
    }
    return response;
  }

  /**
   * Send a request and take over its connection. The caller destroys it.
   * @throws {DaemonError} if the status is 400 or higher
   * @throws {CommandError} if there is no daemon, or the connection breaks
   */
  async upgrade(request: EngineRequest): Promise<UpgradedConnection> {
    const version = await this.apiVersion();
    const headers = { ...request.headers, Connection: 'Upgrade', Upgrade: 'tcp' };
    const path = `/v${version}${request.path}`;
    const answer = await this.#guard(() => this.#exchange({ ...request, path, headers }));
    if ('first' in answer) return answer;
    if ((answer.statusCode ?? 0) >= 400) throw await toDaemonError(answer);
    answer.destroy();
    throw new CommandError('the daemon did not upgrade the connection');
  }

  /** Send a request and read the JSON of the answer. @returns undefined if the answer is empty */
  async call(request: EngineRequest): Promise<unknown> {
    const response = await this.open(request);
    const text = await this.#guard(() => readBody(response, maxAnswerBytes));
    if (text.trim() === '') return undefined;
    try {
      return JSON.parse(text);
    } catch (error) {
      throw new CommandError('the daemon answered with something that is not JSON', { cause: error });
    }
  }

  /** Negotiate by `HEAD /_ping`, or `GET` if the daemon refuses that. @see docker/cli 28, client/ping.go */
  async #negotiate(): Promise<string> {
    const fixed = this.#options.apiVersion;
    if (fixed) return chooseApiVersion({ fixed });
    let response = await this.#send({ method: 'HEAD', path: '/_ping' });
    response.resume();
    if (response.statusCode !== 200) {
      response = await this.#send({ method: 'GET', path: '/_ping' });
      const text = await this.#guard(() => readBody(response, maxErrorBytes));
      const { statusCode = 0, headers } = response;
      if (statusCode >= 400 && headers['api-version'] === undefined)
        throw this.#refusedPing(statusCode, text);
    }
    return chooseApiVersion({ offered: response.headers['api-version'] });
  }

  /** Error for an answer that no daemon gives: another kind of server, or one that requires TLS. */
  #refusedPing(status: number, text: string): CommandError {
    const { text: address } = this.#options.address;
    if (/HTTP request (to|was sent to) (an )?HTTPS/i.test(text)) {
      return new CommandError(`the server at ${address} requires TLS (--tlsverify)`);
    }
    const reason = readErrorMessage(text) ?? `status ${status} without a reason`;
    return new CommandError(`the server at ${address} is not a plugin daemon: ${reason}`);
  }

  async #send(request: EngineRequest): Promise<IncomingMessage> {
    return await this.#guard(async () => {
      const outgoing = await this.#start(request);
      // The event has one argument.
      const answered = once(outgoing, 'response').then(([response]) => response as IncomingMessage);
      if (request.body !== undefined) return await upload(request.body, outgoing, answered);
      outgoing.end(toJson(request));
      return await answered;
    });
  }

  async #exchange(request: EngineRequest): Promise<IncomingMessage | UpgradedConnection> {
    const outgoing = await this.#start(request);
    const answered = Promise.race([once(outgoing, 'response'), once(outgoing, 'upgrade')]);
    outgoing.end(toJson(request));
    // The arguments of the two events, as Node.js documents them.
    const [response, connection, first] = (await answered) as [IncomingMessage, Duplex?, Buffer?];
    return connection === undefined || first === undefined ? response : { connection, first };
  }

  async #start(request: EngineRequest): Promise<ClientRequest> {
    const { address, signal, userAgent } = this.#options;
    this.#transport ??= openTransport(address);
    const transport = await this.#transport;
    signal.throwIfAborted();
    const outgoing = transport.request({
      ...placeOf(address),
      method: request.method,
      path: withQuery(request),
      signal,
      headers: {
        // Docker's CLI sends this host name over unix sockets and SSH.
        ...('port' in address ? {} : { Host: 'api.moby.localhost' }),
        'User-Agent': userAgent,
        ...contentHeaders(request),
        ...request.headers,
      },
    });
    // An error after the answer is reported by the answer, and must not be uncaught here.
    outgoing.on('error', () => {});
    return outgoing;
  }

  /** Run a step, and describe errors of the connection. */
  async #guard<T>(step: () => Promise<T>): Promise<T> {
    try {
      return await step();
    } catch (error) {
      this.#options.signal.throwIfAborted();
      throw explainConnectionError(error, this.#options.address);
    }
  }
}

/** Place of the connection, as `node:http` takes it; a transport by SSH knows its own. */
function placeOf(address: EngineAddress): Pick<RequestOptions, 'socketPath' | 'host' | 'port'> {
  if ('socketPath' in address) return { socketPath: address.socketPath };
  return 'port' in address ? { host: address.host, port: address.port } : {};
}

function toJson({ json }: EngineRequest): string | undefined {
  return json === undefined ? undefined : JSON.stringify(json);
}

function withQuery({ path, query = {} }: EngineRequest): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== undefined) search.append(name, value);
  return search.size === 0 ? path : `${path}?${search}`;
}

function contentHeaders(request: EngineRequest): OutgoingHttpHeaders {
  const json = toJson(request);
  if (json !== undefined) {
    return { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(json) };
  }
  return request.body === undefined && request.method === 'POST' ? { 'Content-Length': 0 } : {};
}

/**
 * Send a body, and accept an answer before its end: a daemon that refuses need not read all of it.
 * An error of the body takes precedence over the broken connection that it causes.
 */
async function upload(
  body: Readable,
  outgoing: ClientRequest,
  answered: Promise<IncomingMessage>,
): Promise<IncomingMessage> {
  let bodyError: unknown;
  body.once('error', (error) => {
    bodyError ??= error;
  });
  const sent = pipeline(body, outgoing);
  // Awaited below; a failure before that must not be unhandled.
  sent.catch(() => {});
  try {
    const response = await answered;
    if ((response.statusCode ?? 0) < 400) await sent;
    // The rest of the body is not sent, but the connection stays open until the answer has been read.
    else response.once('close', () => outgoing.destroy());
    return response;
  } catch (error) {
    body.destroy();
    throw bodyError ?? error;
  }
}

async function toDaemonError(response: IncomingMessage): Promise<DaemonError> {
  const status = response.statusCode ?? 0;
  const text = await readBody(response, maxErrorBytes);
  return new DaemonError(status, readErrorMessage(text) ?? `status ${status} without a reason`);
}

/** The text of `{"message": …}`, or plain text, with which daemons refuse versions below 1.24. */
function readErrorMessage(text: string): string | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && 'message' in value && value.message !== '') {
      return typeof value.message === 'string' ? value.message : undefined;
    }
    return undefined;
  } catch {
    // Not JSON: the text is the reason.
    return text.trim() || undefined;
  }
}
