/**
 * Recreates a socket of this process that was deleted, and logs it.
 */
import type { Logger } from 'pino';
import type { HostAddress } from './host-address.ts';
import { pathOfDescriptor } from './socket-group.ts';
import { watchSocket } from './watch-socket.ts';

/** Parts of the recreation. */
export interface SocketRecreationDeps {
  /** Listen again where a socket was deleted. @throws {OutboardError} conflict if another process listens there now */
  readonly listenAgain: () => Promise<void>;
  /** Called afterwards; its error is logged. */
  readonly onRecreated: () => Promise<void>;
  readonly logger: Logger;
}

/**
 * Watch the socket of an address and recreate it. A socket of a service manager can only be recreated by the manager, so
 * that its deletion is only logged.
 * @returns stops watching
 */
export async function recreateDeletedSocket(
  address: HostAddress,
  { listenAgain, onRecreated, logger }: SocketRecreationDeps,
): Promise<() => Promise<void>> {
  if (address.kind === 'tcp') return async () => undefined;
  const path = address.kind === 'unix' ? address.path : await pathOfDescriptor(address.descriptor);
  // A socket of a service manager may have no path, or one in another mount namespace.
  if (path === undefined) return async () => undefined;
  let reported: string | undefined;
  return watchSocket(path, {
    async onLost() {
      if (address.kind === 'inherited') {
        if (reported !== undefined) return;
        reported = path;
        const remedy =
          'the socket of the service manager was deleted: clients cannot connect until it is created again; restart the ' +
          'socket unit (systemctl restart outboard.socket)';
        logger.error({ socket: path }, remedy);
        return;
      }
      await listenAgain();
      reported = undefined;
      await onRecreated().catch((error: unknown) => {
        logger.error({ err: error, socket: path }, 'cannot give the group access to the recreated socket');
      });
      logger.warn(
        { socket: path },
        'the socket was deleted, and was created again; connections are not affected',
      );
    },
    onError(error) {
      const reason = String(error);
      // The same error of a repeated attempt is logged once.
      if (reason === reported) return;
      reported = reason;
      logger.error({ err: error, socket: path }, 'the socket was deleted, and cannot be created again yet');
    },
  });
}
