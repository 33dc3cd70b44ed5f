/**
 * Calls to a plugin: JSON over HTTP on its socket, with the retries of Docker's client where they are safe, a time limit
 * on everything that waits, and failures as one kind of error.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { type CallDeadline, openCallDeadline } from '@outboard/async';
import { type JsonObject, OutboardError } from '@outboard/oci';
import type { Pool } from 'undici';
import { retryCall } from './call-retry.ts';
import { type PluginAddress, showAddress } from './plugin-address.ts';
import { readAnswer } from './plugin-answer.ts';
import type { ReplyFields } from './plugin-reply.ts';
import {
  type PluginRequest,
  readChunks,
  readText,
  requestAnswer,
  requestResponse,
} from './plugin-request.ts';

export type PluginClientOptions = PluginClientLimits &
  (
    | {
        /** Path of the plugin's socket on the host. It is opened anew for each connection, and through no link. */
        readonly socketPath: string;
      }
    | { readonly address: PluginAddress }
  );

export interface PluginClientLimits {
  /** How long one call may take, retries included, unless the call says otherwise; 0 or absent means for ever. */
  readonly timeoutMs?: number;
  /** Bytes of the largest reply; default 1 MiB. */
  readonly maxReplyBytes?: number;
  /** Waits between attempts; for tests. */
  readonly delay?: (ms: number, signal: AbortSignal) => Promise<void>;
  /** Milliseconds of a clock that never goes back; for tests. */
  readonly now?: () => number;
}

export interface CallOptions {
  readonly signal?: AbortSignal;
  /** In place of the client's. */
  readonly timeoutMs?: number;
  /** Whether a call whose reply was lost may be sent again; default false. */
  readonly idempotent?: boolean;
  /** Whether a call fails at once when no connection can be made; default false. */
  readonly isTriedOnce?: boolean;
  /** The reply holds secrets: errors show nothing of it but what the plugin says in `Err`. */
  readonly confidential?: boolean;
  /** Bytes of the largest reply, in place of the client's. */
  readonly maxReplyBytes?: number;
  /** Whether `Err` in a reply of status 200 is a field for the caller to read; default false: it fails the call. */
  readonly leavesErr?: boolean;
}

/** A plugin that can be called. Disposing closes its connections: calls under way and all later ones fail. */
export interface PluginClient extends AsyncDisposable {
  /**
   * Call one method.
   *
   * While no connection can be made the call is tried again, for 30 s at most; once a request may have reached the
   * plugin only idempotent calls are. Every attempt sends the whole body.
   * @param method such as `VolumeDriver.Create`
   * @param request without it the body is empty
   * @throws {OutboardError} system, code `plugin-error`, when the plugin says it failed (`details.status`,
   *   `details.err`); system, code `plugin-reply-malformed` or `plugin-reply-too-large`; unavailable, code
   *   `plugin-timeout`, or the code of `connectSocket`, or `plugin-connection-lost`; the reason of an aborted signal
   */
  call(method: string, request?: JsonObject, options?: CallOptions): Promise<ReplyFields>;
  /**
   * Call a method that answers with bytes for as long as it likes, on a connection of its own. The call is made when
   * the first bytes are asked for; stopping early closes the connection.
   *
   * The time limit ends with the first sign of an answer, its status; from then on only the signal ends the wait.
   * @throws {OutboardError} as `call`; also in the middle, when the connection breaks
   */
  stream(method: string, request: JsonObject, options?: CallOptions): AsyncIterable<Uint8Array>;
}

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
        pool ??= import('./plugin-connections.ts').then(({ openPool }) => openPool(address));
        const opened = await pool;
        const answer = await retry(() => requestAnswer(opened, request), callOptions, deadline.signal);
        return readAnswer(answer, method, callOptions);
      } catch (error) {
        throw deadline.reasonFor(error);
      } finally {
        deadline.stop();
      }
    },
    async *stream(method, body, callOptions = {}) {
      const deadline = openDeadline(method, callOptions);
      const request = toRequest(method, body, deadline.signal, callOptions);
      const { openConnection } = await import('./plugin-connections.ts');
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
        deadline.liftLimit();
        yield* readChunks(response.body, request);
      } catch (error) {
        throw deadline.reasonFor(error);
      } finally {
        deadline.stop();
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
