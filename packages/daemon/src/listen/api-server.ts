/**
 * Serves one request handler on several addresses, and closes them together.
 */
import { removeStaleSocket } from '@outboard/gateway';
import type { Logger } from 'pino';
import type { HandleRequest } from '../http/request-handler.ts';
import type { HostAddress } from './host-address.ts';
import { boundAddress, closeServer, type Listener, type ListenerOptions, openListener } from './listener.ts';
import { recreateDeletedSocket } from './recreate-socket.ts';
import type { TlsIdentity } from './tls-identity.ts';

/** Listeners that are kept for one address whose socket was deleted repeatedly; the oldest are closed beyond this. */
const maxEarlierListeners = 4;

/** Options of all addresses. */
export interface ApiServerOptions extends ListenerOptions {
  readonly logger: Logger;
  /** Called after a deleted unix socket was created again, perhaps with parent directories. */
  readonly onRecreated?: ((address: HostAddress) => Promise<void>) | undefined;
}

/** A server that listens. */
export interface ApiServer {
  /** Where it listens; port 0 is replaced by the assigned port. */
  readonly addresses: readonly HostAddress[];
  /** Use another certificate and other client authorities for new TLS connections. */
  useIdentity(identity: TlsIdentity): void;
  /**
   * Accept no connection, and wait for the end of running requests. The caller aborts them before.
   * @param signal ends the wait: open connections are cut
   */
  close(signal: AbortSignal): Promise<void>;
}

/**
 * Listen on every address, or on none if one of them fails.
 * @throws {OutboardError} conflict if an address is in use
 */
export async function startApiServer(
  addresses: readonly HostAddress[],
  handle: HandleRequest,
  options: ApiServerOptions,
): Promise<ApiServer> {
  const running = new Set<Promise<void>>();
  const listeners: Listener[] = [];
  const stopWatching: (() => Promise<void>)[] = [];
  const tracked: HandleRequest = (...exchange) => {
    const done = handle(...exchange).finally(() => running.delete(done));
    running.add(done);
    return done;
  };
  const close = async (signal: AbortSignal) => {
    // First, since a closed listener deletes its socket, which would be created again.
    await Promise.all(stopWatching.map((stop) => stop()));
    const closed = listeners.map(({ server }) => closeServer(server, signal));
    await Promise.all(closed);
    await Promise.all(running);
  };
  try {
    for (const address of addresses) {
      listeners.push(await openListener(address, tracked, options));
      const kept = {
        listenAgain: () => replaceListener(address, { listeners, handle: tracked, options }),
        onRecreated: async () => options.onRecreated?.(address),
        logger: options.logger,
      };
      stopWatching.push(await recreateDeletedSocket(address, kept));
    }
  } catch (error) {
    await close(AbortSignal.abort());
    throw error;
  }
  return {
    addresses: listeners.map(({ server, address }) => boundAddress(server, address)),
    useIdentity(identity) {
      for (const listener of listeners) listener.useIdentity?.(identity);
    },
    close,
  };
}

/**
 * Listen again where a socket was deleted. The earlier listener is kept for its connections, and for containers that have
 * its socket mounted.
 */
async function replaceListener(
  address: HostAddress,
  serving: {
    readonly listeners: Listener[];
    readonly handle: HandleRequest;
    readonly options: ApiServerOptions;
  },
): Promise<void> {
  const { listeners, handle, options } = serving;
  const earlier = listeners.filter((listener) => listener.address === address && listener.server.listening);
  const [oldest] = earlier;
  if (oldest !== undefined && earlier.length > maxEarlierListeners) {
    // Closing deletes whatever socket has this path now; that must not be one in use.
    if (address.kind === 'unix') await removeStaleSocket(address.path);
    oldest.server.close(() => listeners.splice(listeners.indexOf(oldest), 1));
  }
  listeners.push(await openListener(address, handle, options));
}
