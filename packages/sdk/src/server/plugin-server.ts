/**
 * The HTTP server of a plugin: listens on a unix socket, tracks calls, ends gracefully.
 */
import { rename, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { CallHandler } from '../wire/call.ts';
import { answerCall } from './answer-call.ts';
import { freeSocketPath, temporarySocketPath } from './socket-path.ts';

/** How long a client may take to send one whole request. Not how long a call may run. */
const REQUEST_TIMEOUT_MS = 30_000;
/** Longer than the 30 s for which the engine keeps an idle connection, so that it never meets one closing. */
const KEEP_ALIVE_TIMEOUT_MS = 60_000;
const MAX_HEADER_BYTES = 16 * 1024;
/** Consumers open a handful; more is a fault, and each costs memory. */
const MAX_CONNECTIONS = 512;

/** How a server is set up. */
export interface PluginServerOptions {
  /** Absolute path of the socket. */
  readonly path: string;
  /** Permission bits of the socket. */
  readonly mode: number;
  /** By path, such as `/Plugin.Activate`. */
  readonly handlers: ReadonlyMap<string, CallHandler>;
  /** How long calls may go on after `close`, in milliseconds; then they are aborted. */
  readonly graceMs: number;
  readonly log: (message: string) => void;
}

/** A server that accepts connections. */
export interface ListeningServer {
  /**
   * Stop accepting, let running calls end, abort those that outlast the grace period, remove the socket.
   * A call that ignores its abort is given up after one second more.
   */
  close(): Promise<void>;
}

/** How long an aborted call may take to end, in milliseconds. */
const ABORT_TIMEOUT_MS = 1000;

interface RunningCall {
  readonly ended: Promise<void>;
  readonly abort: AbortController;
}

/** Listen. Resolves once the socket accepts connections. */
export async function listen(options: PluginServerOptions): Promise<ListeningServer> {
  await freeSocketPath(options.path);
  const calls = new Set<RunningCall>();
  const server = createServer(
    {
      maxHeaderSize: MAX_HEADER_BYTES,
      requestTimeout: REQUEST_TIMEOUT_MS,
      keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS,
    },
    (request, response) => {
      if (!server.listening) response.setHeader('Connection', 'close');
      const abort = new AbortController();
      const call = { ended: answerCall(request, response, { ...options, abort }), abort };
      calls.add(call);
      void call.ended.then(() => calls.delete(call)); // answerCall() never rejects
    },
  );
  server.maxConnections = MAX_CONNECTIONS;
  await listenOn(server, options.path, options.mode);
  return { close: () => closeGracefully(server, calls, options) };
}

/**
 * The socket gets its name only once it accepts connections: hosts watch for the name, and between bind() and
 * listen() they would be refused.
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

/** The umask holds while the socket is made, so that it is never open to more than `mode` says. */
function bind(server: Server, path: string, mode: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    const before = process.umask(0o777 & ~mode);
    try {
      server.listen(path, () => {
        server.off('error', reject);
        resolve();
      });
    } finally {
      process.umask(before);
    }
  });
}

async function closeGracefully(
  server: Server,
  calls: ReadonlySet<RunningCall>,
  options: PluginServerOptions,
): Promise<void> {
  // Node.js would remove the name that it made, which is the temporary one.
  await rm(options.path, { force: true });
  const closed = new Promise<void>((resolve) => {
    server.close(() => resolve());
  });
  server.closeIdleConnections();
  if (!(await endWithin(calls, options.graceMs))) {
    for (const call of calls) call.abort.abort();
    if (!(await endWithin(calls, ABORT_TIMEOUT_MS)))
      options.log(`${calls.size} calls ignored that they were aborted`);
  }
  server.closeAllConnections();
  await closed;
}

/** @returns whether all calls ended in time */
async function endWithin(calls: ReadonlySet<RunningCall>, timeoutMs: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), timeoutMs);
  });
  try {
    return await Promise.race([allEnded(calls), timeout]);
  } finally {
    clearTimeout(timer);
  }
}

async function allEnded(calls: ReadonlySet<RunningCall>): Promise<boolean> {
  while (calls.size > 0) await Promise.all([...calls].map((call) => call.ended));
  return true;
}
