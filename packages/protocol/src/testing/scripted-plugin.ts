/**
 * A plugin on a unix socket in the test's own process, with scripted answers, and a client for it.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createRawServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fromCallback } from '@outboard/async';
import { createFakeClock } from '@outboard/async/testing';
import { createPluginClient, type PluginClientDeps } from '../calls/http-plugin-client.ts';
import type { PluginClient, PluginClientLimits } from '../calls/plugin-client.ts';

/** A request that the plugin received. */
export interface ScriptedCall {
  readonly method: string;
  readonly body: string;
}

/** A running plugin. Disposing stops it and closes the client. */
export interface ScriptedPlugin extends AsyncDisposable {
  /** Retries without waiting. */
  readonly client: PluginClient;
  readonly calls: readonly ScriptedCall[];
  readonly socketPath: string;
  readonly server: Server;
}

/** Writes the answer to a call. */
export type ScriptedAnswer = (call: ScriptedCall, response: ServerResponse, request: IncomingMessage) => void;

/** Limits of the client, and its waiting between attempts. */
export type ScriptOptions = PluginClientLimits & Partial<PluginClientDeps>;

/** Serve answers over HTTP. */
export async function scriptPlugin(
  answer: ScriptedAnswer,
  options: ScriptOptions = {},
): Promise<ScriptedPlugin> {
  const calls: ScriptedCall[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    // In some tests the caller hangs up.
    request.on('error', () => {});
    response.on('error', () => {});
    request.on('end', () => {
      const call = { method: (request.url ?? '').slice(1), body: Buffer.concat(chunks).toString() };
      calls.push(call);
      answer(call, response, request);
    });
  });
  return open(server, calls, options, () => server.closeAllConnections());
}

/** Answer the first bytes of every connection with raw bytes. */
export async function scriptBytes(
  answer: (socket: Socket) => void,
  options: ScriptOptions = {},
): Promise<ScriptedPlugin> {
  const calls: ScriptedCall[] = [];
  const sockets = new Set<Socket>();
  const server = createRawServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.once('data', (bytes) => {
      const [head = '', body = ''] = bytes.toString().split('\r\n\r\n');
      calls.push({ method: head.split(' ')[1]?.slice(1) ?? '', body });
      answer(socket);
    });
  });
  return open(server, calls, options, () => {
    for (const socket of sockets) socket.destroy();
  });
}

async function open(
  server: Server,
  calls: readonly ScriptedCall[],
  options: ScriptOptions,
  disconnect: () => void,
): Promise<ScriptedPlugin> {
  const { clock = createFakeClock({ skipsSleep: true }), ...limits } = options;
  const directory = await mkdtemp(join(tmpdir(), 'outboard-scripted-'));
  const socketPath = join(directory, 'plugin.sock');
  await fromCallback((done) => server.listen(socketPath, done));
  const client = createPluginClient({ socketPath, ...limits }, { clock });
  return {
    client,
    calls,
    socketPath,
    server,
    async [Symbol.asyncDispose]() {
      await client[Symbol.asyncDispose]();
      disconnect();
      await fromCallback((done) => server.close(done));
      await rm(directory, { recursive: true });
    },
  };
}
