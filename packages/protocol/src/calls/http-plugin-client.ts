/**
 * The plugin client over HTTP: JSON requests on the plugin's socket, retried by Docker's rules where that is safe, with a
 * time limit on every wait.
 */
import { type CallDeadline, type Clock, openCallDeadline, systemClock } from '@outboard/async';
import { type JsonObject, OutboardError } from '@outboard/oci';
import type { Client, Pool } from 'undici';
import type { CallPool } from '../connection/call-pool.ts';
import { type PluginAddress, showAddress } from '../connection/plugin-address.ts';
import { retryCall } from './call-retry.ts';
import { exchangeWhole, forwardRequest } from './forward-request.ts';
import { readAnswer } from './plugin-answer.ts';
import type {
  CallOptions,
  ForwardedAnswer,
  ForwardedRequest,
  ForwardOptions,
  PluginClient,
  PluginClientLimits,
  PluginClientOptions,
} from './plugin-client.ts';
import type { ReplyFields } from './plugin-reply.ts';
import {
  type BoundedRequest,
  type PluginRequest,
  readChunks,
  readText,
  requestAnswer,
  requestResponse,
} from './plugin-request.ts';

const defaultMaxReplyBytes = 1024 * 1024;

/** Parts of the client that tests choose. */
export interface PluginClientDeps {
  /** Measures attempts, and waits between them. */
  readonly clock: Pick<Clock, 'monotonicMs' | 'sleep'>;
}

/** Make a client. The first call connects. */
export function createPluginClient(
  options: PluginClientOptions,
  deps: PluginClientDeps = { clock: systemClock },
): PluginClient {
  const address: PluginAddress =
    'address' in options ? options.address : { kind: 'unix', path: options.socketPath };
  return new HttpPluginClient(address, options, deps);
}

class HttpPluginClient implements PluginClient {
  readonly #address: PluginAddress;
  readonly #limits: PluginClientLimits;
  readonly #deps: PluginClientDeps;
  readonly #closing = new AbortController();
  #pool: Promise<CallPool> | undefined;

  constructor(address: PluginAddress, limits: PluginClientLimits, deps: PluginClientDeps) {
    this.#address = address;
    this.#limits = limits;
    this.#deps = deps;
  }

  async call(method: string, body?: JsonObject, options: CallOptions = {}): Promise<ReplyFields> {
    using deadline = this.#openDeadline(method, options);
    const request = requestOf(body, this.#bounds(method, options, deadline.signal));
    try {
      deadline.signal.throwIfAborted();
      const answer = await this.#onPool(deadline.signal, (pool) =>
        this.#retry(() => requestAnswer(pool, request), options, deadline.signal),
      );
      return readAnswer(answer, method, options);
    } catch (error) {
      throw deadline.reasonFor(error);
    }
  }

  async *stream(
    method: string,
    body: JsonObject,
    options: CallOptions = {},
  ): AsyncGenerator<Uint8Array, void, undefined> {
    using deadline = this.#openDeadline(method, options);
    const request = requestOf(body, this.#bounds(method, options, deadline.signal));
    const connection = await this.#openConnection();
    try {
      const response = await this.#retry(
        () => requestResponse(connection, request),
        options,
        deadline.signal,
      );
      if (response.statusCode !== 200) {
        const text = await readText(response.body, request);
        readAnswer({ status: response.statusCode, text }, method, options);
      }
      deadline.clearLimit();
      yield* readChunks(response.body, request);
    } catch (error) {
      throw deadline.reasonFor(error);
    } finally {
      await connection.destroy();
    }
  }

  async forward<Result>(
    request: ForwardedRequest,
    receive: (answer: ForwardedAnswer) => Promise<Result>,
    options: ForwardOptions = {},
  ): Promise<Result> {
    const method = request.path.slice(1);
    using deadline = this.#openDeadline(method, options);
    const bounds = this.#bounds(method, options, deadline.signal);
    // Chunks are gone once they were sent.
    const idempotent = options.idempotent === true && request.body instanceof Uint8Array;
    const retry = <Answer>(attempt: () => Promise<Answer>) =>
      this.#retry(attempt, { ...options, idempotent }, deadline.signal);
    const stream = async (connection: Client): Promise<Result> => {
      const exchange = await retry(() => forwardRequest(connection, request, bounds));
      try {
        deadline.clearLimit();
        return await receive(exchange.answer);
      } finally {
        exchange.close();
      }
    };
    try {
      deadline.signal.throwIfAborted();
      if (options.isStream === true) return await this.#onOwnConnection(stream);
      const whole = (pool: Pool) => retry(() => exchangeWhole(pool, request, bounds));
      return await receive(await this.#onPool(deadline.signal, whole));
    } catch (error) {
      throw deadline.reasonFor(error);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const message = `${showAddress(this.#address)}: the client was closed`;
    this.#closing.abort(new OutboardError('unavailable', message, { code: 'plugin-connection-lost' }));
    await (await this.#pool)?.destroy();
  }

  #openDeadline(method: string, { timeoutMs, signal }: CallOptions): CallDeadline {
    const limitMs = timeoutMs ?? this.#limits.timeoutMs ?? 0;
    return openCallDeadline(limitMs, [signal, this.#closing.signal], (cause) => {
      const message = `${method}: no answer from the plugin within ${limitMs / 1000} s`;
      return new OutboardError('unavailable', message, { code: 'plugin-timeout', cause });
    });
  }

  #bounds(
    method: string,
    { maxReplyBytes }: Pick<CallOptions, 'maxReplyBytes'>,
    signal: AbortSignal,
  ): BoundedRequest {
    return {
      method,
      maxReplyBytes: maxReplyBytes ?? this.#limits.maxReplyBytes ?? defaultMaxReplyBytes,
      signal,
    };
  }

  /** Loads undici with the first call: a program that calls no plugin starts without it. */
  #openPool(): Promise<CallPool> {
    this.#pool ??= import('../connection/plugin-connections.ts').then(({ openCallPool }) =>
      openCallPool(this.#address),
    );
    return this.#pool;
  }

  /** Make a request on a pooled connection. */
  async #onPool<Result>(signal: AbortSignal, request: (pool: Pool) => Promise<Result>): Promise<Result> {
    const pool = await this.#openPool();
    const { current } = pool;
    try {
      return await request(current);
    } finally {
      if (signal.aborted) pool.leave(current);
    }
  }

  /** Make a request on a connection that is not shared. */
  async #onOwnConnection<Result>(request: (connection: Client) => Promise<Result>): Promise<Result> {
    const connection = await this.#openConnection();
    try {
      return await request(connection);
    } finally {
      await connection.destroy();
    }
  }

  async #openConnection(): Promise<Client> {
    const { openConnection } = await import('../connection/plugin-connections.ts');
    return openConnection(this.#address);
  }

  #retry<T>(attempt: () => Promise<T>, options: CallOptions, signal: AbortSignal): Promise<T> {
    const { idempotent = false, isTriedOnce = false } = options;
    return isTriedOnce ? attempt() : retryCall(attempt, { idempotent, signal }, this.#deps);
  }
}

function requestOf(body: JsonObject | undefined, bounds: BoundedRequest): PluginRequest {
  return { ...bounds, body: body === undefined ? '' : `${JSON.stringify(body)}\n` };
}
