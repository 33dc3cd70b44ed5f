/**
 * Requests to a plugin as hostile, old and new engines send them, beside the usual ones. Answers are bounded in time and
 * size: the plugin under test is not trusted.
 */
import { type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http';
import type { Socket } from 'node:net';
import { fromCallback, joinSignals, rejectOnAbort, withResolvers } from '@outboard/async';
import { isOutboardError } from '@outboard/oci';
import { connectSocket } from '@outboard/protocol';
import { CheckFailure } from './check-failure.ts';

/** Bytes of an answer that are read; drivers answer with a few hundred. */
const maxAnswerBytes = 4 * 1024 * 1024;
/** Docker's limit for calls of volume drivers other than `Create` and `Mount` is 60 s. */
const defaultTimeoutMs = 30_000;

/** A request that the plugin receives. */
export interface PluginRequest {
  /** Such as `/VolumeDriver.Get`. */
  readonly path: string;
  /** Sent as it is; default none. */
  readonly body?: string | Buffer | undefined;
  /** Default: as Docker sends them, which gives no `Content-Type`. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly timeoutMs?: number | undefined;
}

/** A whole answer. */
export interface PluginAnswer {
  /** Method of the request, for messages. */
  readonly method: string;
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  /** The JSON value of the body; undefined when there is none. */
  readonly json: unknown;
}

/** Sends requests to one plugin. */
export interface PluginCaller {
  /** Call a method with a document. @throws {CheckFailure} when no answer comes */
  call(method: string, document?: unknown): Promise<PluginAnswer>;
  /** Send any request. @throws {CheckFailure} when no answer comes */
  send(request: PluginRequest): Promise<PluginAnswer>;
  /**
   * Send bytes over a connection of their own.
   * @param isComplete true once enough of the answer is there
   * @returns the bytes of the answer so far, also when the plugin closes the connection
   * @throws {CheckFailure} when neither comes in time
   */
  exchange(bytes: Buffer | string, isComplete: (answer: string) => boolean): Promise<string>;
  /** Send bytes and close the connection at once. */
  sendAndLeave(bytes: Buffer | string): Promise<void>;
}

/** The plugin to call. */
export interface CalledPlugin {
  /** Read for each request: a plugin that restarts has another one. */
  readonly socketPath: () => string;
  readonly signal: AbortSignal;
}

/** Create a caller. */
export function createPluginCaller({ socketPath, signal }: CalledPlugin): PluginCaller {
  const connect = async (what: string) => {
    try {
      return await connectSocket(socketPath(), { signal });
    } catch (error) {
      if (!isOutboardError(error, 'unavailable')) throw error;
      throw new CheckFailure(`the plugin accepts no connection for ${what}: ${error.message}`);
    }
  };

  async function send({ path, body, headers, timeoutMs = defaultTimeoutMs }: PluginRequest) {
    using limit = joinSignals([signal], { timeoutMs });
    const socket = await connect(path);
    try {
      return await exchangeHttp(socket, { path, body, headers }, limit.signal);
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof CheckFailure) throw error;
      throw new CheckFailure(`${path}: ${describeEnd(error, limit.signal, timeoutMs)}`);
    } finally {
      socket.destroy();
    }
  }

  return {
    send,
    call: (method, document) =>
      send({ path: `/${method}`, body: document === undefined ? '' : `${JSON.stringify(document)}\n` }),
    async exchange(bytes, isComplete) {
      using limit = joinSignals([signal], { timeoutMs: defaultTimeoutMs });
      const socket = await connect('a request');
      try {
        return await exchangeBytes(socket, { bytes, isComplete }, limit.signal);
      } catch (error) {
        signal.throwIfAborted();
        throw new CheckFailure(describeEnd(error, limit.signal, defaultTimeoutMs));
      } finally {
        socket.destroy();
      }
    },
    async sendAndLeave(bytes) {
      const socket = await connect('a request');
      // An error of the connection is no finding: the plugin may refuse such bytes at once.
      await fromCallback<void>((done) => void socket.write(bytes, () => done()));
      socket.destroy();
    },
  };
}

function describeEnd(error: unknown, limit: AbortSignal, timeoutMs: number): string {
  if (limit.aborted) return `no answer within ${timeoutMs / 1000} s`;
  const reason = error instanceof Error ? error.message : String(error);
  return `the connection ended without an answer (${reason})`;
}

async function exchangeHttp(
  socket: Socket,
  { path, body = '', headers }: PluginRequest,
  signal: AbortSignal,
): Promise<PluginAnswer> {
  const received = withResolvers<IncomingMessage>();
  const outgoing = request({
    method: 'POST',
    path,
    createConnection: () => socket,
    signal,
    headers: {
      Host: 'plugin.moby.localhost',
      Accept: 'application/vnd.docker.plugins.v1.2+json',
      'Content-Length': String(Buffer.byteLength(body)),
      ...headers,
    },
  });
  outgoing.on('error', received.reject);
  outgoing.on('response', received.resolve);
  outgoing.end(body);
  const response = await received.promise;
  const chunks: Buffer[] = [];
  let size = 0;
  // The stream of a response has buffers, for no encoding is set.
  for await (const chunk of response as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > maxAnswerBytes) {
      throw new CheckFailure(`${path}: the answer is larger than ${maxAnswerBytes} bytes`);
    }
    chunks.push(chunk);
  }
  const text = Buffer.concat(chunks).toString();
  const { statusCode: status = 0 } = response;
  return { method: path.slice(1), status, headers: response.headers, text, json: parseJson(text) };
}

async function exchangeBytes(
  socket: Socket,
  {
    bytes,
    isComplete,
  }: { readonly bytes: Buffer | string; readonly isComplete: (answer: string) => boolean },
  signal: AbortSignal,
): Promise<string> {
  const complete = withResolvers<string>();
  let answer = '';
  socket.on('data', (chunk: Buffer) => {
    answer += chunk.toString('latin1');
    if (answer.length > maxAnswerBytes || isComplete(answer)) complete.resolve(answer);
  });
  socket.on('close', () => complete.resolve(answer));
  socket.write(bytes);
  return await rejectOnAbort(complete.promise, signal);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
