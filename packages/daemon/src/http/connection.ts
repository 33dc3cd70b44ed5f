/**
 * The state of a connection, shared by the requests on it.
 */
import type { Socket } from 'node:net';
import { HttpError } from './errors.ts';

/** One client's connection. */
export interface Connection {
  /** Aborted when the connection closes, from either side. */
  readonly closed: AbortSignal;
  /** False once the framing of a request was ambiguous: no further request is read from it. */
  isTrusted: boolean;
}

/** Create a map from sockets to their connections. */
export function createConnections(): (socket: Socket) => Connection {
  const connections = new WeakMap<Socket, Connection>();
  return (socket) => {
    const known = connections.get(socket);
    if (known !== undefined) return known;
    const controller = new AbortController();
    const abort = () => controller.abort(new HttpError(400, 'the client went away'));
    if (socket.destroyed) abort();
    else socket.once('close', abort);
    const connection = { closed: controller.signal, isTrusted: true };
    connections.set(socket, connection);
    return connection;
  };
}
