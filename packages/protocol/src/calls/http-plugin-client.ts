/**
 * The plugin client over HTTP: JSON requests on the plugin's socket, retried by Docker's rules where that is safe, with a
 * time limit on every wait.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { type CallDeadline, openCallDeadline } from '@outboard/async';
import { type JsonObject, OutboardError } from '@outboard/oci';
import type { Pool } from 'undici';
import { type PluginAddress, showAddress } from '../connection/plugin-address.ts';
import { retryCall } from './call-retry.ts';
import { readAnswer } from './plugin-answer.ts';
import type { CallOptions, PluginClient, PluginClientOptions } from './plugin-client.ts';
import {
  type PluginRequest,
  readChunks,
  readText,
  requestAnswer,
  requestResponse,
} from './plugin-request.ts';

const defaultMaxReplyBytes = 1024 * 1024;

/** Make a client. Nothing is connected until the first call. */
export function createPluginClient(options: PluginClientOptions): PluginClient {
  const { maxReplyBytes = defaultMaxReplyBytes } = options;
  const address: PluginAddress =
    'address' in options ? options.address : { kind: 'unix', path: options.socketPath };
  const delay = options.delay ?? ((ms, signal) => sleep(ms, undefined, { signal }));
  const now = options.now ?? (() => performance.now());
  const closing = new AbortController();
  let pool: Promise<Pool> | undefined;

  const openDeadline = (method: string, { timeoutMs, signal }: CallOptions): CallDeadline => {
    const signals = signal === undefined ? [closing.signal] : [signal, closing.signal];
    const limitMs = timeoutMs ?? options.timeoutMs ?? 0;
    return openCallDeadline(limitMs, signals, (cause) => callTimedOut(method, limitMs, cause));
  };
  const retry = <T>(attempt: () => Promise<T>, callOptions: CallOptions, signal: AbortSignal) => {
    const { idempotent = false, isTriedOnce = false } = callOptions;
    return isTriedOnce ? attempt() : retryCall(attempt, { idempotent, delay, now, signal });
  };
  const toRequest = (
    method: string,
    body: JsonObject | undefined,
    signal: AbortSignal,
    given: CallOptions,
  ): PluginRequest => ({
    method,
    body: body === undefined ? '' : `${JSON.stringify(body)}\n`,
    maxReplyBytes: given.maxReplyBytes ?? maxReplyBytes,
    signal,
  });

  return {
    async call(method, body, callOptions = {}) {
      const deadline = openDeadline(method, callOptions);
      const request = toRequest(method, body, deadline.signal, callOptions);
      try {
        deadline.signal.throwIfAborted();
        // Loaded by the first call: a program that calls no plugin starts without the library.
        pool ??= import('../connection/plugin-connections.ts').then(({ openPool }) => openPool(address));
        const opened = await pool;
        const answer = await retry(() => requestAnswer(opened, request), callOptions, deadline.signal);
        return readAnswer(answer, method, callOptions);
      } catch (error) {
        throw deadline.reasonFor(error);
      } finally {
        deadline[Symbol.dispose]();
      }
    },
    async *stream(method, body, callOptions = {}) {
      const deadline = openDeadline(method, callOptions);
      const request = toRequest(method, body, deadline.signal, callOptions);
      const { openConnection } = await import('../connection/plugin-connections.ts');
      const connection = openConnection(address);
      try {
        const response = await retry(
          () => requestResponse(connection, request),
          callOptions,
          deadline.signal,
        );
        if (response.statusCode !== 200) {
          const text = await readText(response.body, request);
          readAnswer({ status: response.statusCode, text }, method, callOptions);
        }
        deadline.clearLimit();
        yield* readChunks(response.body, request);
      } catch (error) {
        throw deadline.reasonFor(error);
      } finally {
        deadline[Symbol.dispose]();
        await connection.destroy();
      }
    },
    async [Symbol.asyncDispose]() {
      const message = `${showAddress(address)}: the client was closed`;
      closing.abort(new OutboardError('unavailable', message, { code: 'plugin-connection-lost' }));
      await (await pool)?.destroy();
    },
  };
}

function callTimedOut(method: string, timeoutMs: number, cause: unknown): OutboardError {
  const message = `${method}: no answer from the plugin within ${timeoutMs / 1000} s`;
  return new OutboardError('unavailable', message, { code: 'plugin-timeout', cause });
}
