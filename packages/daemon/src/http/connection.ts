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
