/**
 * A plugin behind the handler of a gateway's socket, both in the test's own process, and a client that sends and receives plain bytes.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { connect, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fromCallback, systemClock } from '@outboard/async';
import { createPluginClient } from '@outboard/protocol';
import { pino } from 'pino';
import type { EndedCall } from '../calls/call-log.ts';
import { createPluginHandlers } from '../exchange/create-plugin-handlers.ts';
import type { CountedMounts, HandledPlugin, PluginHandlerDeps } from '../exchange/plugin-exchange.ts';

/** A request as the plugin received it. */
export interface ReceivedCall {
  readonly method: string;
  readonly body: string;
  readonly headers: readonly string[];
}

/** Writes the plugin's answer. */
export type PluginAnswers = (call: ReceivedCall, response: ServerResponse, request: IncomingMessage) => void;

/** Choices of a test. */
export interface HandledPluginOptions {
  readonly interfaceTypes?: readonly string[];
  /** Options of the group `Gateway`. */
  readonly limits?: HandledPlugin['options']['gateway'];
  readonly mounts?: Partial<CountedMounts>;
  readonly ready?: PluginHandlerDeps['ready'];
  readonly streams?: PluginHandlerDeps['streams'];
  /** Default the machine's. */
  readonly clock?: PluginHandlerDeps['clock'];
  /** Host paths; default: the path below `/host`. A path with `escapes` in it is refused. */
  readonly toHostPath?: (path: string) => string;
  /** Called with each report of the handler, which may come after the answer. */
  readonly onReport?: (call: EndedCall) => void;
}

/** A running plugin and its handler. */
export interface HandledPluginFixture extends AsyncDisposable {
  /** Requests that reached the plugin. */
  readonly received: readonly ReceivedCall[];
  /** Calls that the handler reported. */
  readonly reported: readonly EndedCall[];
  /** Connect to the gateway's socket. */
  connect(): Promise<RawClient>;
  /** Send bytes on a connection of its own, and read one answer. */
  send(bytes: string | Buffer): Promise<RawAnswer>;
  /** A POST as Podman sends it. */
  post(method: string, body?: string): Promise<RawAnswer>;
}

/** An answer as received. */
export interface RawAnswer {
  readonly status: number;
  /** Lines of the head, without the status. */
  readonly headers: readonly string[];
  readonly body: string;
}

/** A connection. */
export interface RawClient {
  readonly socket: Socket;
  /** Send bytes, and read one answer; the connection stays open. */
  send(bytes: string | Buffer): Promise<RawAnswer>;
}

/** Serve a plugin through a handler. */
export async function openHandledPlugin(
  answers: PluginAnswers,
  options: HandledPluginOptions = {},
): Promise<HandledPluginFixture> {
  const directory = await mkdtemp(join(tmpdir(), 'outboard-handler-'));
  const received: ReceivedCall[] = [];
  const plugin = await listen(join(directory, 'plugin.sock'), (request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const method = (request.url ?? '').slice(1);
      const call = { method, body: Buffer.concat(chunks).toString(), headers: request.rawHeaders };
      received.push(call);
      answers(call, response, request);
    });
  });
  const client = createPluginClient({ socketPath: join(directory, 'plugin.sock') });
  const reported: EndedCall[] = [];
  const handle = createPluginHandlers(depsOf(options, reported))(pluginOf(client, options));
  const path = join(directory, 'gateway.sock');
  const gateway = await listen(path, handle);
  const open = () => openRawClient(path);
  const send = async (bytes: string | Buffer): Promise<RawAnswer> => {
    const { socket, send: sendOn } = await open();
    try {
      return await sendOn(bytes);
    } finally {
      socket.destroy();
    }
  };
  return {
    received,
    reported,
    connect: open,
    send,
    post: (method, body = '') => send(postOf(method, body)),
    async [Symbol.asyncDispose]() {
      for (const server of [gateway, plugin]) {
        server.closeAllConnections();
        await fromCallback((done) => server.close(done));
      }
      await client[Symbol.asyncDispose]();
      await rm(directory, { recursive: true });
    },
  };
}

/** The bytes of a request as Podman sends it. */
export function postOf(method: string, body = ''): string {
  const head = [
    `POST /${method} HTTP/1.1`,
    'Host: plugin',
    'User-Agent: Go-http-client/1.1',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Content-Type: application/vnd.docker.plugins.v1.1+json',
    'Accept-Encoding: gzip',
  ];
  return `${head.join('\r\n')}\r\n\r\n${body}`;
}

function depsOf(options: HandledPluginOptions, reported: EndedCall[]): PluginHandlerDeps {
  const refuse = async () => {
    throw new Error('the test expects no mounts');
  };
  return {
    mounts: {
      mount: refuse,
      unmount: refuse,
      locate: (driver, path) => driver.toHostPath(path),
      locateAll: async (driver, paths) => {
        const results = await driver.toHostPaths(paths);
        return results.map((each) => (each.status === 'fulfilled' ? each.value : undefined));
      },
      removeBy: (_volume, _options, call) => call(),
      ...options.mounts,
    },
    streams: options.streams,
    ready: options.ready ?? (async () => {}),
    onCall(call) {
      reported.push(call);
      options.onReport?.(call);
    },
    clock: options.clock ?? systemClock,
    logger: pino({ enabled: false }),
  };
}

function pluginOf(
  client: HandledPlugin['driver']['client'],
  {
    interfaceTypes = ['docker.volumedriver/1.0'],
    limits = {},
    toHostPath = (path) => `/host${path}`,
  }: HandledPluginOptions,
): HandledPlugin {
  const resolve = async (path: string) => {
    if (path.includes('escapes')) throw new Error(`${path} leads out of the plugin`);
    return toHostPath(path);
  };
  const toHostPaths = (paths: readonly string[]) => Promise.allSettled(paths.map(resolve));
  return {
    id: 'a'.repeat(64),
    name: 'acme/p:latest',
    interfaceTypes,
    options: { gateway: limits },
    driver: { name: 'acme/p:latest', client, toHostPath: resolve, toHostPaths },
  };
}

async function listen(path: string, handle: Parameters<typeof createServer>[1]) {
  const server = createServer(handle as (request: IncomingMessage, response: ServerResponse) => void);
  await fromCallback((done) => (server as Server).listen(path, () => done()));
  return server;
}

async function openRawClient(path: string): Promise<RawClient> {
  const socket = connect(path);
  socket.on('error', () => {});
  await fromCallback((done) => socket.once('connect', () => done()));
  let pending = Buffer.alloc(0);
  return {
    socket,
    async send(bytes) {
      const answer = fromCallback<RawAnswer>((done) => {
        const read = (chunk: Buffer): void => {
          pending = Buffer.concat([pending, chunk]);
          const parsed = parseAnswer(pending);
          if (parsed === undefined) return;
          pending = pending.subarray(parsed.size);
          socket.off('data', read);
          socket.off('close', closed);
          done(null, parsed.answer);
        };
        const closed = (): void => done(new Error(`the connection ended after: ${pending.toString()}`));
        socket.on('data', read);
        socket.on('close', closed);
      });
      socket.write(bytes);
      return await answer;
    },
  };
}

function parseAnswer(bytes: Buffer): { readonly answer: RawAnswer; readonly size: number } | undefined {
  const headEnd = bytes.indexOf('\r\n\r\n');
  if (headEnd < 0) return undefined;
  const [statusLine = '', ...headers] = bytes.subarray(0, headEnd).toString('latin1').split('\r\n');
  const status = Number(statusLine.split(' ')[1]);
  const rest = bytes.subarray(headEnd + 4);
  if (status === 100) return prefixed(parseAnswer(rest), headEnd + 4);
  const length = headers.map((line) => /^content-length: (\d+)$/i.exec(line)?.[1]).find((found) => found);
  if (length !== undefined) {
    const size = Number(length);
    if (rest.length < size) return undefined;
    return { answer: { status, headers, body: rest.subarray(0, size).toString() }, size: headEnd + 4 + size };
  }
  const end = rest.indexOf('0\r\n\r\n');
  if (end < 0) return undefined;
  const body = rest
    .subarray(0, end)
    .toString()
    .replace(/[\da-f]+\r\n((?:.|\n)*?)\r\n/g, '$1');
  return { answer: { status, headers, body }, size: headEnd + 4 + end + 5 };
}

function prefixed(parsed: ReturnType<typeof parseAnswer>, size: number): ReturnType<typeof parseAnswer> {
  return parsed && { ...parsed, size: parsed.size + size };
}
