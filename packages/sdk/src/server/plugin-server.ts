/**
 * The HTTP server of a plugin: listens on a unix socket, tracks running calls and closes gracefully.
 */

import { once } from 'node:events';
import { rename, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { settlesWithin } from '../settles-within.ts';
import type { ServedCalls } from '../wire/call.ts';
import { answerCall } from './answer-call.ts';
import { freeSocketPath, temporarySocketPath } from './socket-path.ts';

/** Time limit for receiving a request. It does not limit the call. */
const requestTimeoutMs = 30_000;
/** Longer than the 30 s for which engines keep idle connections, so that they never use one that is closing. */
const keepAliveTimeoutMs = 60_000;
const maxHeaderBytes = 16 * 1024;
/** Upper bound of connections; engines open a handful. */
const maxConnections = 512;

/** Socket, calls and shutdown of a server. */
export interface PluginServerOptions {
  /** Absolute path of the socket. */
  readonly path: string;
  /** Permission bits of the socket. */
  readonly mode: number;
  readonly calls: ServedCalls;
  /** Time for running calls to end after `close`, in milliseconds; then they are aborted. */
  readonly graceMs: number;
  /** Receives a line for each failed call. */
  readonly log: (message: string) => void;
}

/** A server that accepts connections. */
export interface ListeningServer {
  /**
   * Remove the socket, stop accepting, end answers that stream, wait for running calls, abort those that exceed the grace
   * period.
   * Calls that ignore the abort are abandoned after one more second.
   */
  close(): Promise<void>;
}

/** Time for aborted calls to end. */
const abortTimeoutMs = 1000;

/** A call that has no complete answer yet. */
interface RunningCall {
  /** Resolves when the call is answered; never rejects. */
  readonly ended: Promise<void>;
  readonly abort: AbortController;
  /** Its answer streams, such as a log that is followed: it would last for ever. */
  isStream: boolean;
}

/** Listen. Resolves once the socket accepts connections. */
export async function listen(options: PluginServerOptions): Promise<ListeningServer> {
  await freeSocketPath(options.path);
  const running = new Set<RunningCall>();
  const server = createServer(
    {
      maxHeaderSize: maxHeaderBytes,
      requestTimeout: requestTimeoutMs,
      keepAliveTimeout: keepAliveTimeoutMs,
    },
    (request, response) => {
      if (!server.listening) response.setHeader('Connection', 'close');
      const abort = new AbortController();
      const onStream = (): void => {
        call.isStream = true;
        if (!server.listening) abort.abort();
      };
      const call: RunningCall = {
        abort,
        isStream: false,
        ended: answerCall(request, response, { ...options, abort, onStream }).then(
          () => void running.delete(call),
        ),
      };
      running.add(call);
    },
  );
  server.maxConnections = maxConnections;
  await listenOn(server, options.path, options.mode);
  return { close: () => closeGracefully(server, running, options) };
}

/**
 * Bind under a temporary name and rename the socket once it accepts connections: engines watch for the name, and
 * between bind() and listen() they would be refused.
 */
async function listenOn(server: Server, path: string, mode: number): Promise<void> {
  const temporary = temporarySocketPath(path);
  await bind(server, temporary, mode);
  try {
    await rename(temporary, path);
  } catch (error) {
    server.close();
    throw error;
  }
}

/** The umask is set while the socket is created, so that its permissions never exceed `mode`. */
async function bind(server: Server, path: string, mode: number): Promise<void> {
  const before = process.umask(0o777 & ~mode);
  try {
    server.listen(path);
  } finally {
    process.umask(before);
  }
  await once(server, 'listening');
}

async function closeGracefully(
  server: Server,
  running: ReadonlySet<RunningCall>,
  options: PluginServerOptions,
): Promise<void> {
  // Node.js would unlink the temporary name, under which it created the socket.
  await rm(options.path, { force: true });
  const closed = once(server, 'close');
  server.close();
  server.closeIdleConnections();
  for (const call of running) if (call.isStream) call.abort.abort();
  if (!(await settlesWithin(allEnded(running), options.graceMs))) {
    for (const call of running) call.abort.abort();
    if (!(await settlesWithin(allEnded(running), abortTimeoutMs)))
      options.log(`${running.size} calls did not end after they were aborted`);
  }
  server.closeAllConnections();
  await closed;
}

async function allEnded(calls: ReadonlySet<RunningCall>): Promise<void> {
  while (calls.size > 0) await Promise.all([...calls].map((call) => call.ended));
}
