/**
 * The open connections of one HTTP server, which end without the loss of a request: HTTP has no way to refuse a request
 * that its client is sending just now, so that a server that closes an idle connection may lose one.
 */
import type { Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { onAbort, pause, withResolvers } from '@outboard/async';
import { stopReceiving } from '@outboard/engine';

/** Hands idle connections over to the next process. @returns false when it cannot; nothing has changed then */
export type HandOver = (descriptors: readonly number[]) => Promise<boolean>;

/** Connections of a server, from its first one on. */
export interface OpenConnections {
  /**
   * End all connections; the server must accept no more. Requests in flight are answered, the last one of each connection.
   * Idle connections are handed over. Those that cannot be are closed, after what their clients wrote is answered.
   * @param signal cuts what is left
   */
  drain(handOver: HandOver | undefined, signal: AbortSignal): Promise<void>;
}

interface Connection {
  readonly socket: Socket & { readonly _handle?: SocketHandle | null };
  readonly responses: Set<ServerResponse>;
  /** Bytes that were read until the end of the last exchange: more belong to a request that has not come in full. */
  settledBytes: number;
  /** True while it is handed over: its descriptor must stay open. */
  isLeaving: boolean;
}

/** The part of Node.js's handle that has no public face. */
interface SocketHandle {
  readonly fd: number;
  readStop(): number;
  readStart(): number;
}

/** Answers that end only with the consumer's wish: a request in flight is not waited for. */
const endlessPaths: ReadonlySet<string | undefined> = new Set(['/LogDriver.ReadLogs']);

/** Time in which a client that calls again and again sends its next request, which is answered with `Connection: close`. */
const lingerMs = 200;

/** Watch the connections of a server. */
export function trackConnections(server: Server): OpenConnections {
  const connections = new Map<Socket, Connection>();
  let draining: ((connection: Connection) => void) | undefined;
  let notifyEmpty: (() => void) | undefined;

  server.on('connection', (socket) => {
    connections.set(socket, { socket, responses: new Set(), settledBytes: 0, isLeaving: false });
    socket.once('close', () => {
      connections.delete(socket);
      if (connections.size === 0) notifyEmpty?.();
    });
  });
  server.prependListener('request', (request, response) => {
    const connection = connections.get(request.socket);
    if (connection === undefined) return;
    connection.responses.add(response);
    if (draining !== undefined) response.shouldKeepAlive = false;
    response.once('close', () => {
      connection.responses.delete(response);
      connection.settledBytes = connection.socket.bytesRead;
      draining?.(connection);
    });
  });

  async function drain(handOver: HandOver | undefined, signal: AbortSignal): Promise<void> {
    const { promise: empty, resolve } = withResolvers<void>();
    notifyEmpty = resolve;
    if (connections.size === 0) return;
    draining = (connection) => {
      if (isIdle(connection)) void release([connection], handOver, signal);
    };
    for (const { responses } of connections.values()) {
      for (const response of responses) {
        response.shouldKeepAlive = false;
        if (endlessPaths.has(response.req.url)) response.destroy();
      }
    }
    void release([...connections.values()].filter(isIdle), handOver, signal);
    const stopListening = onAbort(signal, () => {
      for (const { socket, isLeaving } of connections.values()) if (!isLeaving) socket.destroy();
    });
    await empty;
    stopListening();
  }

  return { drain };
}

/** Without a request: neither one that is being answered, nor a part of one. */
function isIdle({ socket, responses, settledBytes }: Connection): boolean {
  // Ended for writing: it is closed after its last answer.
  return (
    !socket.writableEnded && !socket.destroyed && responses.size === 0 && socket.bytesRead === settledBytes
  );
}

async function release(
  idle: readonly Connection[],
  handOver: HandOver | undefined,
  signal: AbortSignal,
): Promise<void> {
  if (idle.length === 0) return;
  if (handOver !== undefined && (await passOn(idle, handOver))) return;
  await pause(lingerMs, signal);
  for (const connection of idle.filter(isIdle)) {
    if (signal.aborted) connection.socket.destroy();
    else endReading(connection);
  }
}

/** Hand connections over with all that their clients send from now on. */
async function passOn(idle: readonly Connection[], handOver: HandOver): Promise<boolean> {
  const handles = idle.flatMap(({ socket }) => socket._handle ?? []);
  for (const connection of idle) connection.isLeaving = true;
  // In the same turn of the event loop in which they were found to be idle.
  for (const handle of handles) handle.readStop();
  if (await handOver(handles.map(({ fd }) => fd))) {
    for (const { socket } of idle) socket.destroy();
    return true;
  }
  for (const connection of idle) {
    connection.isLeaving = false;
    connection.socket._handle?.readStart();
  }
  return false;
}

/**
 * A request that was written before is read and answered; a later one fails at its client as a whole, before a byte of it is
 * written, so that the client may send it again.
 */
function endReading({ socket }: Connection): void {
  const descriptor = socket._handle?.fd;
  try {
    if (descriptor === undefined || descriptor < 0) socket.destroy();
    else stopReceiving(descriptor);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOTCONN') throw error;
    socket.destroy();
  }
}
