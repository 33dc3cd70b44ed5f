/**
 * Waits until a plugin's socket accepts a connection. The folder is watched, so that a plugin is ready the moment its
 * socket is; nothing is sent, as Docker sends nothing.
 */
import type { Socket } from 'node:net';
import { isOutboardError } from '@outboard/oci';
import { changeOrPause, watchName } from './host/watch-name.ts';

/** Opens a connection, or fails with kind `unavailable` while the socket is missing or refuses. */
export type ConnectSocket = (path: string, options: { readonly signal?: AbortSignal }) => Promise<Socket>;

/** Between the attempts that no event asks for: a listener that is not listening yet gives no event when it does. */
const firstPauseMs = 2;
const maxPauseMs = 100;

/** Told of every attempt that failed. */
export interface SocketWait {
  readonly connect: ConnectSocket;
  readonly signal: AbortSignal;
  readonly onRefused: (error: Error) => void;
}

/**
 * Resolves once a connection was accepted; it is closed at once.
 *
 * @param path below a folder that exists
 * @throws the signal's reason when aborted; whatever `connect` throws that is not `unavailable`
 */
export async function waitForSocket(path: string, wait: SocketWait): Promise<void> {
  const { connect, signal, onRefused } = wait;
  signal.throwIfAborted();
  const folder = watchName(path);
  try {
    for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(pauseMs * 2, maxPauseMs)) {
      const changed = folder.nextChange();
      try {
        const socket = await connect(path, { signal });
        // It was ready; what becomes of this connection does not matter.
        socket.on('error', () => undefined);
        socket.destroy();
        return;
      } catch (error) {
        signal.throwIfAborted();
        if (!isOutboardError(error, 'unavailable')) throw error;
        onRefused(error);
      }
      await changeOrPause(changed, pauseMs, signal);
    }
  } finally {
    folder.close();
  }
}
