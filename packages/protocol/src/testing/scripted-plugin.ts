/**
 * A plugin on a unix socket, in the process of the test, that answers as it is told, and a client of it.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createRawServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createPluginClient } from '../calls/http-plugin-client.ts';
import type { PluginClient, PluginClientOptions } from '../calls/plugin-client.ts';

/** What the plugin was sent. */
export interface ScriptedCall {
  readonly method: string;
  readonly body: string;
}

export interface ScriptedPlugin extends AsyncDisposable {
  /** Does not wait between attempts. */
  readonly client: PluginClient;
  readonly calls: readonly ScriptedCall[];
}

export type ScriptedAnswer = (call: ScriptedCall, response: ServerResponse, request: IncomingMessage) => void;

/** Serve answers over HTTP. */
export async function scriptPlugin(
  answer: ScriptedAnswer,
  options: Partial<PluginClientOptions> = {},
): Promise<ScriptedPlugin> {
  const calls: ScriptedCall[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('error', () => {}); // a caller that hangs up is part of some tests
    response.on('error', () => {});
    request.on('end', () => {
      const call = { method: (request.url ?? '').slice(1), body: Buffer.concat(chunks).toString() };
      calls.push(call);
      answer(call, response, request);
    });
  });
  return open(server, calls, options, () => server.closeAllConnections());
}

/** Answer every connection's first bytes with bytes of the test's choice. */
export async function scriptBytes(
  answer: (socket: Socket) => void,
  options: Partial<PluginClientOptions> = {},
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
  options: Partial<PluginClientOptions>,
  disconnect: () => void,
): Promise<ScriptedPlugin> {
  const folder = await mkdtemp(join(tmpdir(), 'outboard-scripted-'));
  const socketPath = join(folder, 'plugin.sock');
  await new Promise<void>((resolve) => server.listen(socketPath, resolve));
  const client = createPluginClient({ socketPath, delay: async () => {}, ...options });
  return {
    client,
    calls,
    async [Symbol.asyncDispose]() {
      await client[Symbol.asyncDispose]();
      disconnect();
      await new Promise((resolve) => server.close(resolve));
      await rm(folder, { recursive: true });
    },
  };
}
