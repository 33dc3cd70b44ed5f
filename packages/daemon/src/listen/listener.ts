/**
 * One address of the API, and the HTTP server that listens there.
 */
import { once } from 'node:events';
import { createServer, type Server, type ServerOptions } from 'node:http';
import { fromCallback, onAbort } from '@outboard/async';
import { OutboardError, setCloseOnExec } from '@outboard/engine';
import type { RequestRules } from '../http/request-guard.ts';
import type { HandleRequest } from '../http/request-handler.ts';
import { openUpgrade } from '../http/upgrade.ts';
import { formatHostAddress, type HostAddress, hostRule } from './host-address.ts';
import type { SocketGroup } from './socket-group.ts';
import type { TlsIdentity } from './tls-identity.ts';
import type { TlsServer } from './tls-server.ts';
import { listenOnUnixSocket } from './unix-socket.ts';

const maxHeaderBytes = 16 * 1024;
const headersTimeoutMs = 20_000;
/** Above what clients keep idle connections for, so that it is they who close first. */
const keepAliveTimeoutMs = 65_000;
/** A client whose host has vanished says no goodbye; what it waits for, or runs, would go on for ever. */
const probeAfterMs = 15_000;
/** Per listener, so that a flood on TCP leaves the unix socket free. */
const maxConnections = { unix: 4096, tcp: 512 } as const;

/** How TCP is served over TLS. */
export interface TlsListening {
  readonly identity: TlsIdentity;
  /** Whether clients must show a certificate. */
  readonly verifyClients: boolean;
}

export interface ListenerOptions {
  /** Told when a connection cannot be accepted (out of descriptors, say); the listener goes on. */
  readonly onError: (error: Error) => void;
  /** Told when a client fails to come in over TLS. */
  readonly onRefused?: (reason: string, address: string | undefined) => void;
  /** Absent: TCP is plain. */
  readonly tls?: TlsListening | undefined;
  /** Absent: unix sockets are for root alone. */
  readonly group?: SocketGroup | undefined;
}

/** One HTTP server. */
export interface Listener {
  readonly address: HostAddress;
  readonly server: Server;
  /** Only over TLS. */
  readonly useIdentity?: (identity: TlsIdentity) => void;
}

/**
 * Serve an address.
 * @throws {OutboardError} conflict when it is in use
 */
export async function openListener(
  address: HostAddress,
  handle: HandleRequest,
  options: ListenerOptions,
): Promise<Listener> {
  const listener = await createListener(address, handle, options);
  try {
    await listen(listener.server, address, options.group);
  } catch (error) {
    // It may listen already, on a socket that was deleted before it got its mode.
    listener.server.close();
    throw error;
  }
  listener.server.on('error', options.onError);
  return listener;
}

async function createListener(
  address: HostAddress,
  handle: HandleRequest,
  options: ListenerOptions,
): Promise<Listener> {
  let identity = address.kind === 'tcp' ? options.tls?.identity : undefined;
  const allowsHost = hostRule(address, (name) => identity?.certifies(name) ?? false);
  const rules: RequestRules = allowsHost === undefined ? {} : { allowsHost };
  const secure = identity && (await createSecureServer(identity, options));
  const server = secure?.server ?? createServer(httpOptions);
  server.on('request', (request, response) => {
    // A server that is closed ends the connections that are idle then, and would wait for those that become so later.
    response.once('close', () => {
      if (!server.listening) server.closeIdleConnections();
    });
    void handle(request, response, rules);
  });
  server.on('upgrade', (request, socket, head) => {
    const { response, upgrade } = openUpgrade(request, socket, head);
    void handle(request, response, rules, upgrade);
  });
  // Node.js drops headers above its own limit silently; ours refuses them.
  server.maxHeadersCount = 0;
  server.maxConnections = maxConnections[address.kind === 'tcp' ? 'tcp' : 'unix'];
  if (secure === undefined) return { address, server };
  return {
    address,
    server,
    useIdentity(next) {
      secure.useIdentity(next);
      identity = next;
    },
  };
}

const httpOptions: ServerOptions = {
  maxHeaderSize: maxHeaderBytes,
  headersTimeout: headersTimeoutMs,
  // Uploads may take long; what bodies are measured by is progress (see request-body.ts).
  requestTimeout: 0,
  keepAliveTimeout: keepAliveTimeoutMs,
  connectionsCheckingInterval: 5_000,
  // Node.js would go on to serve what follows such a request; the request guard does not.
  requireHostHeader: false,
  noDelay: true,
  keepAlive: true,
  keepAliveInitialDelay: probeAfterMs,
};

async function createSecureServer(identity: TlsIdentity, options: ListenerOptions): Promise<TlsServer> {
  const { createTlsServer } = await import('./tls-server.ts');
  return createTlsServer(httpOptions, identity, {
    verifyClients: options.tls?.verifyClients ?? true,
    onRefused: options.onRefused ?? (() => {}),
  });
}

async function listen(server: Server, address: HostAddress, group: SocketGroup | undefined): Promise<void> {
  try {
    if (address.kind === 'unix') await listenOnUnixSocket(server, address.path, group);
    else if (address.kind === 'inherited') await listenOnInherited(server, address.descriptor);
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

/**
 * Its path, owner and mode are those that its socket unit says. One of TCP is refused: whoever reaches the API is root
 * (D12), and the rules for addresses are those of `tcp://`.
 */
async function listenOnInherited(server: Server, descriptor: number): Promise<void> {
  setCloseOnExec(descriptor);
  server.listen({ fd: descriptor });
  await once(server, 'listening');
  if (typeof server.address() !== 'object' || server.address() === null) return;
  server.close();
  throw new OutboardError(
    'invalid',
    `cannot listen on fd://${descriptor}: want a unix socket from the service manager; TCP is served with --host tcp://ADDRESS[:PORT]`,
  );
}

/** Where a listener is, with the real port when port 0 was asked for. */
export function boundAddress(server: Server, address: HostAddress): HostAddress {
  const bound = server.address();
  if (address.kind !== 'tcp' || bound === null || typeof bound === 'string') return address;
  return { ...address, port: bound.port };
}

/** @param signal cuts the connections that are still open */
export async function closeServer(server: Server, signal: AbortSignal): Promise<void> {
  // It fails for a server that does not listen, which is closed then.
  const closed = fromCallback((done) => server.close(() => done()));
  server.closeIdleConnections();
  const stopListening = onAbort(signal, () => server.closeAllConnections());
  await closed;
  stopListening();
}
