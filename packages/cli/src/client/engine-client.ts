/**
 * A client of the Docker Engine API: requests, versions and errors. What the routes mean is in `plugin-api.ts`.
 * It speaks through `node:http`, which loads in 5 ms; loading undici takes 100 ms, longer than most commands take.
 */
import { once } from 'node:events';
import type { ClientRequest, IncomingMessage } from 'node:http';
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
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly json?: unknown;
  /** Sent as it is, chunked; destroyed on failure. */
  readonly body?: Readable;
}

/** A connection that is no longer one of HTTP. */
export interface UpgradedConnection {
  readonly connection: Duplex;
  /** What came on it already. */
  readonly first: Buffer;
}

export interface EngineClientOptions {
  readonly address: EngineAddress;
  /** Ends every request. */
  readonly signal: AbortSignal;
  /** Program and version. */
  readonly userAgent: string;
  /** DOCKER_API_VERSION: use this version and ask for none. */
  readonly apiVersion?: string | undefined;
}

const maxErrorBytes = 1024 * 1024;
const maxAnswerBytes = 64 * 1024 * 1024;

/** Speaks with one daemon. Close it, or its idle connection keeps the process waiting. */
export class EngineClient {
  readonly #options: EngineClientOptions;
  #transport: Promise<Transport> | undefined;
  #version: Promise<string> | undefined;

  constructor(options: EngineClientOptions) {
    this.#options = options;
  }

  /** Where the daemon is looked for. */
  get address(): EngineAddress {
    return this.#options.address;
  }

  /** End all connections. */
  async close(): Promise<void> {
    // That it could not be opened was told to whoever wanted to send something.
    const transport = await this.#transport?.catch(() => undefined);
    transport?.close();
  }

  /** The version of the API that both sides speak, such as `1.51`; asked for once. */
  apiVersion(): Promise<string> {
    this.#version ??= this.#negotiate();
    return this.#version;
  }

  /**
   * Send a request and return the answer when its headers are there. The caller reads or destroys the answer.
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
   * Send a request and take its connection over. The caller destroys it.
   * @throws {DaemonError} if the daemon refuses
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
    throw new CommandError('the daemon kept the connection to itself');
  }

  async #exchange(request: EngineRequest): Promise<IncomingMessage | UpgradedConnection> {
    this.#options.signal.throwIfAborted();
    this.#transport ??= openTransport(this.#options.address);
    const outgoing = this.#start(request, await this.#transport);
    const answered = Promise.race([once(outgoing, 'response'), once(outgoing, 'upgrade')]);
    // It stays: an error after the answer is the answer's own, and must not go uncaught here.
    outgoing.on('error', () => {});
    outgoing.end(request.json === undefined ? undefined : JSON.stringify(request.json));
    // As Node.js documents the two events.
    const [response, connection, first] = (await answered) as [IncomingMessage, Duplex?, Buffer?];
    return connection === undefined || first === undefined ? response : { connection, first };
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

  /** `HEAD /_ping`, and `GET` where a daemon refuses that. @see docker/cli 28, client/ping.go */
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

  /** No daemon answers so: it is a server of another kind, or one of TLS that was spoken to without. */
  #refusedPing(status: number, text: string): CommandError {
    const { text: address } = this.#options.address;
    if (/HTTP request (to|was sent to) (an )?HTTPS/i.test(text)) {
      return new CommandError(`the server at ${address} wants TLS (--tlsverify)`);
    }
    const reason = readErrorMessage(text) ?? `status ${status} without a reason`;
    return new CommandError(`the server at ${address} is no daemon for plugins: ${reason}`);
  }

  async #send(request: EngineRequest): Promise<IncomingMessage> {
    return await this.#guard(async () => {
      this.#options.signal.throwIfAborted();
      this.#transport ??= openTransport(this.#options.address);
      const outgoing = this.#start(request, await this.#transport);
      // As Node.js documents the event.
      const answered = once(outgoing, 'response').then(([response]) => response as IncomingMessage);
      // It stays: an error after the answer is the answer's own, and must not go uncaught here.
      outgoing.on('error', () => {});
      if (request.body === undefined) {
        outgoing.end(request.json === undefined ? undefined : JSON.stringify(request.json));
        return await answered;
      }
      return await upload(request.body, outgoing, answered);
    });
  }

  #start(request: EngineRequest, transport: Transport): ClientRequest {
    const { method, path, query = {}, headers = {}, json, body } = request;
    const { address, signal, userAgent } = this.#options;
    const search = new URLSearchParams(query).toString();
    const hasQuery = search !== '';
    const content = json === undefined ? undefined : Buffer.byteLength(JSON.stringify(json));
    return transport.request({
      ...('socketPath' in address
        ? { socketPath: address.socketPath }
        : { host: address.host, port: address.port }),
      method,
      path: hasQuery ? `${path}?${search}` : path,
      signal,
      headers: {
        // A unix socket has no host name; Docker's CLI sends this one.
        ...('socketPath' in address ? { Host: 'api.moby.localhost' } : {}),
        'User-Agent': userAgent,
        ...(content === undefined ? {} : { 'Content-Type': 'application/json', 'Content-Length': content }),
        ...(content === undefined && body === undefined && method === 'POST' ? { 'Content-Length': 0 } : {}),
        ...headers,
      },
    });
  }

  /** Tell a connection that failed in the words of someone who wanted to reach a daemon. */
  async #guard<T>(step: () => Promise<T>): Promise<T> {
    try {
      return await step();
    } catch (error) {
      this.#options.signal.throwIfAborted();
      throw explainConnectionError(error, this.#options.address);
    }
  }
}

/**
 * Send a body, and take an answer that comes before its end: a daemon that refuses need not read everything.
 * An error of the body itself wins over the broken connection that it leaves behind.
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
  // Judged below, together with the answer.
  sent.catch(() => {});
  try {
    const response = await answered;
    if ((response.statusCode ?? 0) < 400) await sent;
    // The rest of the body is of no use; the answer is read first, so the connection stays until then.
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

/** `{"message": …}`; plain text as it is, which is how versions below 1.24 are refused. */
function readErrorMessage(text: string): string | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && 'message' in value && value.message !== '') {
      return typeof value.message === 'string' ? value.message : undefined;
    }
    return undefined;
  } catch {
    // Not JSON: whatever stands there is the best reason there is.
    return text.trim() || undefined;
  }
}
