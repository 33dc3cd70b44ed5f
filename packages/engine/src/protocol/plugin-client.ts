import { setTimeout as sleep } from 'node:timers/promises';
import { isOutboardError, OutboardError } from '@outboard/oci';
import type { Pool } from 'undici';
import type { JsonObject } from '../config/json-document.ts';
import { type PluginAnswer, printable, readAnswer } from './plugin-answer.ts';
import type { ReplyFields } from './plugin-reply.ts';

export interface PluginClientOptions {
  /** Path of the plugin's socket on the host. It is opened anew for each connection. */
  readonly socketPath: string;
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
}

/** A plugin that can be called. Disposing closes its connections. */
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
}

const defaultMaxReplyBytes = 1024 * 1024;
const retryLimitMs = 30_000;

/** Make a client. Nothing is connected until the first call. */
export function createPluginClient(options: PluginClientOptions): PluginClient {
  let pool: Promise<Pool> | undefined;
  const delay = options.delay ?? ((ms, signal) => sleep(ms, undefined, { signal }));
  const now = options.now ?? (() => performance.now());
  const maxReplyBytes = options.maxReplyBytes ?? defaultMaxReplyBytes;
  return {
    async call(method, request, callOptions = {}) {
      const timeoutMs = callOptions.timeoutMs ?? options.timeoutMs ?? 0;
      const deadline = openDeadline(timeoutMs, callOptions.signal);
      const body = request === undefined ? '' : `${JSON.stringify(request)}\n`;
      // Loaded by the first call: a program that calls no plugin starts without the library.
      pool ??= import('./plugin-connections.ts').then(({ openPool }) => openPool(options.socketPath));
      const opened = await pool;
      const attempt = () => post(opened, { method, body, maxReplyBytes, signal: deadline.signal });
      try {
        const isRetried = (error: unknown) => isRetryable(error, callOptions.idempotent === true);
        const reply = await retry(attempt, { isRetried, delay, now, signal: deadline.signal });
        return readAnswer(reply, method);
      } catch (error) {
        throw deadline.reasonFor(error, method);
      } finally {
        deadline.stop();
      }
    },
    async [Symbol.asyncDispose]() {
      await (await pool)?.destroy();
    },
  };
}

interface Deadline {
  readonly signal: AbortSignal;
  /** What to throw for an error: the caller's abort reason or the timeout, when that is what stopped the call. */
  reasonFor(error: unknown, method: string): unknown;
  stop(): void;
}

function openDeadline(timeoutMs: number, signal: AbortSignal | undefined): Deadline {
  const timer = new AbortController();
  const timeout = timeoutMs > 0 ? setTimeout(() => timer.abort(), timeoutMs) : undefined;
  return {
    signal: signal === undefined ? timer.signal : AbortSignal.any([timer.signal, signal]),
    reasonFor(error, method) {
      if (signal?.aborted === true) return signal.reason;
      if (!timer.signal.aborted) return error;
      const message = `${method}: no answer from the plugin within ${timeoutMs / 1000} s`;
      return new OutboardError('unavailable', message, { code: 'plugin-timeout', cause: error });
    },
    stop() {
      clearTimeout(timeout);
    },
  };
}

interface RetryOptions {
  readonly isRetried: (error: unknown) => boolean;
  readonly delay: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly now: () => number;
  readonly signal: AbortSignal;
}

/** Docker's schedule: 1, 2, 4, 8 s and so on; it ends when the next wait would reach 30 s in all. */
async function retry<T>(attempt: () => Promise<T>, options: RetryOptions): Promise<T> {
  const startedAt = options.now();
  for (let waitMs = 1000; ; waitMs *= 2) {
    options.signal.throwIfAborted();
    try {
      return await attempt();
    } catch (error) {
      const isOver = options.now() - startedAt + waitMs >= retryLimitMs;
      if (options.signal.aborted || isOver || !options.isRetried(error)) throw error;
    }
    await options.delay(waitMs, options.signal);
  }
}

function isRetryable(error: unknown, idempotent: boolean): boolean {
  if (!isOutboardError(error, 'unavailable')) return false;
  if (error.code === 'socket-missing' || error.code === 'socket-refused') return true;
  return idempotent && error.code === 'plugin-connection-lost';
}

interface Post {
  readonly method: string;
  readonly body: string;
  readonly maxReplyBytes: number;
  readonly signal: AbortSignal;
}

async function post(pool: Pool, { method, body, maxReplyBytes, signal }: Post): Promise<PluginAnswer> {
  try {
    const response = await pool.request({
      path: `/${method}`,
      method: 'POST',
      headers: { accept: 'application/vnd.docker.plugins.v1.2+json' },
      body,
      signal,
    });
    const chunks: Buffer[] = [];
    let size = 0;
    // Leaving the loop early destroys the body, and with it the connection.
    for await (const chunk of response.body) {
      size += chunk.length;
      if (size > maxReplyBytes) {
        const message = `${method}: the plugin's reply is too large: want at most ${maxReplyBytes} bytes`;
        throw new OutboardError('system', message, { code: 'plugin-reply-too-large' });
      }
      chunks.push(chunk);
    }
    return { status: response.statusCode, text: Buffer.concat(chunks).toString('utf8') };
  } catch (cause) {
    if (isOutboardError(cause) || signal.aborted) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    const message = `${method}: lost the connection to the plugin: ${printable(reason)}`;
    throw new OutboardError('unavailable', message, { code: 'plugin-connection-lost', cause });
  }
}
