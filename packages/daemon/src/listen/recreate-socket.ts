/**
 * What is done, and logged, about a socket that this process listens on and that someone deletes.
 */
import type { Logger } from 'pino';
import type { HostAddress } from './host-address.ts';
import { pathOfDescriptor } from './socket-group.ts';
import { watchSocket } from './watch-socket.ts';

export interface SocketRecreationDeps {
  /** Listen anew where an own socket was deleted. @throws {OutboardError} conflict: another process listens there now */
  readonly listenAgain: () => Promise<void>;
  readonly onRecreated: () => Promise<void>;
  readonly logger: Logger;
}

/**
 * Keep an address of the API reachable. A socket that a service manager made is the manager's to make again: that is told.
 * @returns ends it
 */
export async function recreateDeletedSocket(
  address: HostAddress,
  { listenAgain, onRecreated, logger }: SocketRecreationDeps,
): Promise<() => Promise<void>> {
  if (address.kind === 'tcp') return async () => undefined;
  const path = address.kind === 'unix' ? address.path : await pathOfDescriptor(address.descriptor);
  // A service manager's may have no name, or one in another mount namespace.
  if (path === undefined) return async () => undefined;
  let told: string | undefined;
  return watchSocket(path, {
    async onLost() {
      if (address.kind === 'inherited') {
        if (told !== undefined) return;
        told = path;
        const remedy =
          'the socket that the service manager made was deleted: clients cannot reach this process there until it is ' +
          'made again; restart the socket unit (systemctl restart outboard.socket)';
        logger.error({ socket: path }, remedy);
        return;
      }
      await listenAgain();
      told = undefined;
      await onRecreated().catch((error: unknown) => {
        logger.error({ err: error, socket: path }, 'cannot open the way to the socket that was made again');
      });
      logger.warn({ socket: path }, 'the socket was deleted, and was made again; connections go on');
    },
    onError(error) {
      const reason = String(error);
      // It is tried again and again.
      if (reason === told) return;
      told = reason;
      logger.error({ err: error, socket: path }, 'the socket was deleted, and cannot be made again yet');
    },
  });
}
