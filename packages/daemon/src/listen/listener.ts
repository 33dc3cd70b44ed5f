/**
 * The HTTP server on one address.
 */
import { once } from 'node:events';
import { createServer, type Server, type ServerOptions } from 'node:http';
import { fromCallback, onAbort } from '@outboard/async';
import { OutboardError, setCloseOnExec } from '@outboard/engine';
import { describeErrorCode, systemErrorCode } from '@outboard/oci';
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
/** Longer than clients keep idle connections, so that the client closes first and no request meets a closed connection. */
const keepAliveTimeoutMs = 65_000;
/** TCP keep-alive: a client whose host vanished sends no end of the connection, and its request would run for ever. */
const probeAfterMs = 15_000;
/** Per listener, so that too many TCP connections do not block the unix socket. */
const defaultMaxConnections = { unix: 4096, tcp: 512 } as const;

/** TLS for TCP addresses. */
export interface TlsListening {
  readonly identity: TlsIdentity;
  /** True if clients must have a certificate. */
  readonly verifyClients: boolean;
}

/** Options of one address. */
export interface ListenerOptions {
  /** Called when a connection cannot be accepted, for example without free descriptors; the server goes on. */
  readonly onError: (error: Error) => void;
  /** Called after a failed TLS handshake. */
  readonly onRefused?: ((reason: string, address: string | undefined) => void) | undefined;
  /** Absent: TCP without TLS. */
  readonly tls?: TlsListening | undefined;
  /** Connections to one address of each kind; default 4096 and 512. */
  readonly maxConnections?: { readonly unix: number; readonly tcp: number } | undefined;
  /** Members may use unix sockets; absent: root only. */
  readonly group?: SocketGroup | undefined;
}

/** One address and its server. */
export interface Listener {
  readonly address: HostAddress;
  readonly server: Server;
  /** Changes certificate and client authorities; only with TLS. */
  readonly useIdentity?: ((identity: TlsIdentity) => void) | undefined;
}

/**
 * Listen on an address.
 * @throws {OutboardError} conflict if it is in use
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
    // It listens already if the socket was deleted before its mode was set.
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
  const rules: RequestRules = { allowsHost };
  const secure = identity && (await createSecureServer(identity, options));
  const server = secure?.server ?? createServer(httpOptions);
  server.on('request', (request, response) => {
    // close() ends only the connections that are idle at that time; others become idle with their last response.
    response.once('close', () => {
      if (!server.listening) server.closeIdleConnections();
    });
    void handle(request, response, rules);
  });
  server.on('upgrade', (request, socket, head) => {
    const { response, upgrade } = openUpgrade(request, socket, head);
    void handle(request, response, rules, upgrade);
  });
  // Above its own limit Node.js drops headers silently; the request guard refuses such requests instead.
  server.maxHeadersCount = 0;
  const { maxConnections = defaultMaxConnections } = options;
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
  // Uploads may take long; request-body.ts limits the pauses in them instead.
  requestTimeout: 0,
  keepAliveTimeout: keepAliveTimeoutMs,
  connectionsCheckingInterval: 5_000,
  // After a request without Host Node.js would serve the next one; the request guard closes the connection.
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
    const code = systemErrorCode(error);
    const inUse = code === 'EADDRINUSE';
    const said = error instanceof Error ? error.message : String(error);
    const reason = code === undefined ? said : describeErrorCode(code);
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
 * Path, owner and mode of the socket come from its socket unit. A TCP socket is refused, since the rules of `tcp://` would
 * not apply to it (D12).
 */
async function listenOnInherited(server: Server, descriptor: number): Promise<void> {
  setCloseOnExec(descriptor);
  server.listen({ fd: descriptor });
  await once(server, 'listening');
  if (typeof server.address() !== 'object' || server.address() === null) return;
  server.close();
  throw new OutboardError(
    'invalid',
    `cannot listen on fd://${descriptor}: expected a unix socket from the service manager; TCP is served with --host tcp://ADDRESS[:PORT]`,
  );
}

/** The address of a listening server; port 0 is replaced by the assigned port. */
export function boundAddress(server: Server, address: HostAddress): HostAddress {
  const bound = server.address();
  if (address.kind !== 'tcp' || bound === null || typeof bound === 'string') return address;
  return { ...address, port: bound.port };
}

/**
 * Close a server and wait for its connections.
 * @param signal cuts open connections
 */
export async function closeServer(server: Server, signal: AbortSignal): Promise<void> {
  // Fails for a server that does not listen, which is closed already.
  const closed = fromCallback((done) => server.close(() => done()));
  server.closeIdleConnections();
  const stopListening = onAbort(signal, () => server.closeAllConnections());
  await closed;
  stopListening();
}
