/**
 * Waits until a plugin's socket accepts a connection. Its directory is watched, so that the wait ends as soon as the
 * socket is there. Nothing is sent, as in Docker.
 */
import type { Socket } from 'node:net';
import type { Cancellable } from '@outboard/async';
import { isOutboardError } from '@outboard/oci';
import { changeOrPause, watchName } from './host/watch-name.ts';

/** Opens a connection, or fails with kind `unavailable` while the socket is missing or refuses. */
export type ConnectSocket = (path: string, options: Cancellable) => Promise<Socket>;

/** Between attempts without an event: a socket that starts to listen causes none. */
const firstPauseMs = 2;
const maxPauseMs = 100;

/** Parts of one wait. */
export interface SocketWait {
  readonly connect: ConnectSocket;
  readonly signal: AbortSignal;
  /** Called for every attempt that failed. */
  readonly onRefused: (error: Error) => void;
}

/**
 * Resolves once a connection was accepted; it is closed at once.
 *
 * @param path in an existing directory
 * @throws the signal's reason; errors of `connect` other than `unavailable`
 */
export async function waitForSocket(path: string, wait: SocketWait): Promise<void> {
  const { connect, signal, onRefused } = wait;
  signal.throwIfAborted();
  const name = watchName(path);
  try {
    for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(pauseMs * 2, maxPauseMs)) {
      const changed = name.nextChange();
      try {
        const socket = await connect(path, { signal });
        // The plugin is ready; later errors of this connection do not matter.
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
    name.close();
  }
}
