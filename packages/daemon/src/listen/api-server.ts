/**
 * The API on all its addresses, with one request handler, and their common end.
 */
import type { Logger } from 'pino';
import type { HandleRequest } from '../http/request-handler.ts';
import type { HostAddress } from './host-address.ts';
import { boundAddress, closeServer, type Listener, type ListenerOptions, openListener } from './listener.ts';
import { recreateDeletedSocket } from './recreate-socket.ts';
import type { TlsIdentity } from './tls-identity.ts';
import { removeStaleSocket } from './unix-socket.ts';

/** Of one address whose socket was deleted, again and again; more of them are closed. */
const maxEarlierListeners = 4;

export interface ApiServerOptions extends ListenerOptions {
  readonly logger: Logger;
  /** Called after a unix socket that someone deleted was made again, perhaps with directories above it. */
  readonly onRecreated?: (address: HostAddress) => Promise<void>;
}

/** The API while it is served. */
export interface ApiServer {
  /** Where it listens, with the real port when port 0 was asked for. */
  readonly addresses: readonly HostAddress[];
  /** Prove the daemon, and check clients, by another identity from now on; only where TLS is served. */
  useIdentity(identity: TlsIdentity): void;
  /**
   * Accept nothing more and wait for the requests under way; abort them beforehand.
   * @param signal ends the wait: connections that are still open are cut
   */
  close(signal: AbortSignal): Promise<void>;
}

/**
 * Serve the API on every address; on none if one of them fails.
 * @throws {OutboardError} conflict when an address is in use
 */
export async function startApiServer(
  addresses: readonly HostAddress[],
  handle: HandleRequest,
  options: ApiServerOptions,
): Promise<ApiServer> {
  const running = new Set<Promise<void>>();
  const listeners: Listener[] = [];
  const endWatches: (() => Promise<void>)[] = [];
  const tracked: HandleRequest = (...exchange) => {
    const done = handle(...exchange).finally(() => running.delete(done));
    running.add(done);
    return done;
  };
  const close = async (signal: AbortSignal) => {
    // First: a listener that is closed deletes its socket.
    await Promise.all(endWatches.map((end) => end()));
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
      endWatches.push(await recreateDeletedSocket(address, kept));
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
 * Listen once more where a socket was deleted. The earlier listener stays: it has connections, and containers that have
 * its socket mounted reach it by that.
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
    // Closing deletes the socket that has the name now, which must be nobody's.
    if (address.kind === 'unix') await removeStaleSocket(address.path);
    oldest.server.close(() => listeners.splice(listeners.indexOf(oldest), 1));
  }
  listeners.push(await openListener(address, handle, options));
}
