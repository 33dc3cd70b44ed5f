/**
 * The listeners of the API: one HTTP server per address, all with one request handler, and their common end.
 */
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { OutboardError } from '@outboard/engine';
import type { RequestRules } from '../http/request-guard.ts';
import type { HandleRequest } from '../http/request-handler.ts';
import { allowedHostNames, formatHostAddress, type HostAddress } from './host-address.ts';
import { listenOnUnixSocket } from './unix-socket.ts';

const maxHeaderBytes = 16 * 1024;
const headersTimeoutMs = 20_000;
/** Above what clients keep idle connections for, so that it is they who close first. */
const keepAliveTimeoutMs = 65_000;
/** Per listener, so that a flood on TCP leaves the unix socket free. */
const maxConnections = { unix: 4096, tcp: 512 } as const;

/** The API while it is served. */
export interface ApiServer {
  /** Where it listens, with the real port when port 0 was asked for. */
  readonly addresses: readonly HostAddress[];
  /**
   * Accept nothing more and wait for the requests under way; abort them beforehand.
   * @param signal ends the wait: connections that are still open are cut
   */
  close(signal: AbortSignal): Promise<void>;
}

/**
 * Serve the API on every address; on none if one of them fails.
 * @param onError told when a connection cannot be accepted (out of descriptors, say); the listener goes on
 * @throws {OutboardError} conflict when an address is in use
 */
export async function startApiServer(
  addresses: readonly HostAddress[],
  handle: HandleRequest,
  onError: (error: Error) => void,
): Promise<ApiServer> {
  const running = new Set<Promise<void>>();
  const servers: { server: Server; address: HostAddress }[] = [];
  const tracked: HandleRequest = (request, response, rules) => {
    const done = handle(request, response, rules).finally(() => running.delete(done));
    running.add(done);
    return done;
  };
  const close = async (signal: AbortSignal) => {
    const closed = servers.map(({ server }) => closeServer(server, signal));
    await Promise.all(closed);
    await Promise.all(running);
  };
  try {
    for (const address of addresses) {
      const server = createHttpServer(address, tracked);
      await listen(server, address);
      server.on('error', onError);
      servers.push({ server, address: boundAddress(server, address) });
    }
  } catch (error) {
    await close(AbortSignal.abort());
    throw error;
  }
  return { addresses: servers.map(({ address }) => address), close };
}

function createHttpServer(address: HostAddress, handle: HandleRequest): Server {
  const allowedHosts = allowedHostNames(address);
  const rules: RequestRules = allowedHosts === undefined ? {} : { allowedHosts };
  const server = createServer(
    {
      maxHeaderSize: maxHeaderBytes,
      headersTimeout: headersTimeoutMs,
      // Uploads may take long; what bodies are measured by is progress (see request-body.ts).
      requestTimeout: 0,
      keepAliveTimeout: keepAliveTimeoutMs,
      connectionsCheckingInterval: 5_000,
      // Node.js would go on to serve what follows such a request; the request guard does not.
      requireHostHeader: false,
      noDelay: true,
    },
    (request, response) => void handle(request, response, rules),
  );
  // Node.js drops headers above its own limit silently; ours refuses them.
  server.maxHeadersCount = 0;
  server.maxConnections = maxConnections[address.kind];
  return server;
}

async function listen(server: Server, address: HostAddress): Promise<void> {
  try {
    if (address.kind === 'unix') await listenOnUnixSocket(server, address.path);
    else await listenOnTcp(server, address.hostname, address.port);
  } catch (error) {
    if (error instanceof OutboardError) throw error;
    const inUse = (error as NodeJS.ErrnoException).code === 'EADDRINUSE';
    const reason = error instanceof Error ? error.message : String(error);
    throw new OutboardError(
      inUse ? 'conflict' : 'system',
      `cannot listen on ${formatHostAddress(address)}: ${reason}`,
      {
        cause: error,
      },
    );
  }
}

async function listenOnTcp(server: Server, hostname: string, port: number): Promise<void> {
  server.listen(port, hostname);
  await once(server, 'listening');
}

function boundAddress(server: Server, address: HostAddress): HostAddress {
  const bound = server.address();
  if (address.kind === 'unix' || bound === null || typeof bound === 'string') return address;
  return { ...address, port: bound.port };
}

function closeServer(server: Server, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const cut = () => server.closeAllConnections();
    signal.addEventListener('abort', cut, { once: true });
    server.close(() => {
      signal.removeEventListener('abort', cut);
      resolve();
    });
    server.closeIdleConnections();
    if (signal.aborted) cut();
  });
}
