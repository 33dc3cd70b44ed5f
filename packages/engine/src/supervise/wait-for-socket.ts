/**
 * Waits until a plugin's socket accepts a connection. The folder is watched, so that a plugin is ready the moment its
 * socket is; nothing is sent, as Docker sends nothing.
 */
import { type FSWatcher, watch } from 'node:fs';
import type { Socket } from 'node:net';
import { basename, dirname } from 'node:path';
import { isOutboardError } from '@outboard/oci';

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
  const folder = watchFolder(path);
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

/** Whichever comes first. @throws the signal's reason */
function changeOrPause(changed: Promise<void>, pauseMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
    };
    const onAbort = (): void => {
      stop();
      reject(signal.reason);
    };
    const proceed = (): void => {
      stop();
      resolve();
    };
    const timer = setTimeout(proceed, pauseMs);
    signal.addEventListener('abort', onAbort, { once: true });
    void changed.then(proceed);
  });
}

interface WatchedFolder {
  /** Resolves when something happens to the socket's name from now on. */
  nextChange(): Promise<void>;
  close(): void;
}

function watchFolder(path: string): WatchedFolder {
  let notify: () => void = () => undefined;
  let watcher: FSWatcher | undefined;
  try {
    watcher = watch(dirname(path), { persistent: false }, (_event, name) => {
      if (name === null || name === basename(path)) notify();
    });
    // Out of inotify watches, here or below: the pauses between attempts are short enough without.
    watcher.on('error', () => watcher?.close());
  } catch {
    watcher = undefined;
  }
  return {
    nextChange: () =>
      new Promise((resolve) => {
        notify = resolve;
      }),
    close: () => watcher?.close(),
  };
}
