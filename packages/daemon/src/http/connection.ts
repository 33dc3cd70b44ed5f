/**
 * The state of a connection, shared by the requests on it.
 */
import type { Socket } from 'node:net';
import { type Consumer, consumerOf } from '@outboard/engine';
import { HttpError } from './errors.ts';

/** One client's connection. */
export interface Connection {
  /** Aborted when the connection closes, from either side. */
  readonly closed: AbortSignal;
  /** False once the framing of a request was ambiguous: no further request is read from it. */
  isTrusted: boolean;
  /** The process that connected; read when it is first asked for. */
  consumer(): Consumer;
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
    let consumer: Consumer | undefined;
    const connection: Connection = {
      closed: controller.signal,
      isTrusted: true,
      consumer() {
        consumer ??= consumerOf(socket);
        return consumer;
      },
    };
    connections.set(socket, connection);
    return connection;
  };
}
