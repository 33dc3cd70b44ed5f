/**
 * What is known about the connection that a request came on.
 */
import type { Socket } from 'node:net';
import { HttpError } from './errors.ts';

/** One client's connection. */
export interface Connection {
  /** Aborted when the connection is closed, by whomever. */
  readonly closed: AbortSignal;
  /** Whether requests may be taken from it: false once their framing was ambiguous. */
  isTrusted: boolean;
}

/** Keeps one `Connection` per socket, for all requests that come on it. */
export function createConnections(): (socket: Socket) => Connection {
  const connections = new WeakMap<Socket, Connection>();
  return (socket) => {
    const known = connections.get(socket);
    if (known !== undefined) return known;
    const controller = new AbortController();
    const gone = () => controller.abort(new HttpError(400, 'the client went away'));
    if (socket.destroyed) gone();
    else socket.once('close', gone);
    const connection = { closed: controller.signal, isTrusted: true };
    connections.set(socket, connection);
    return connection;
  };
}

/** A signal for one operation. */
export interface AbortScope {
  readonly signal: AbortSignal;
  /** The operation is over: forget the sources. */
  close(): void;
}

/**
 * A signal that aborts with the first of its sources. `AbortSignal.any` would leave a trace of every request at sources
 * that live as long as the process.
 */
export function openAbortScope(sources: readonly AbortSignal[]): AbortScope {
  const controller = new AbortController();
  const onAbort = (event: Event) => {
    // Only the sources below are listened to.
    const { reason } = event.target as AbortSignal;
    controller.abort(reason);
  };
  for (const source of sources) {
    if (source.aborted) controller.abort(source.reason);
    source.addEventListener('abort', onAbort);
  }
  return {
    signal: controller.signal,
    close() {
      for (const source of sources) source.removeEventListener('abort', onAbort);
    },
  };
}
