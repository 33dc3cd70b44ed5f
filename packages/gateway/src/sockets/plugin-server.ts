/**
 * The HTTP server of one listening socket.
 */
import { once } from 'node:events';
import { createServer, type RequestListener, type ServerOptions } from 'node:http';
import { Server as NetServer, Socket } from 'node:net';
import { fromCallback } from '@outboard/async';
import { type HandOver, trackConnections } from './open-connections.ts';

/** Connections that wait to be accepted, such as those of consumers while the daemon restarts. */
export const backlog = 4096;

const serverOptions: ServerOptions = {
  maxHeaderSize: 16 * 1024,
  headersTimeout: 20_000,
  // The exchange bounds the rest of a request.
  requestTimeout: 0,
  // Never: the kernel tells when a local client is gone, and a connection that the server closes may lose a request.
  keepAliveTimeout: 0,
  connectionsCheckingInterval: 5_000,
  requireHostHeader: false,
};

/** More connections at once are closed as they arrive. */
const mostConnections = 4096;

/** A server that accepts connections of one listening socket. */
export interface PluginServer {
  /** Serve a connection that was accepted elsewhere. The server owns it from now on. */
  adopt(descriptor: number): void;
  /**
   * Accept nothing more, and end the connections as `OpenConnections.drain`. The descriptor of the listening socket is
   * closed; connections that were not accepted are left to whoever has a copy of it.
   */
  close(handOver: HandOver | undefined, signal: AbortSignal): Promise<void>;
}

/**
 * Accept connections of a listening socket.
 * @param descriptor owned by the server from now on
 * @param onError called when a connection cannot be accepted; the server goes on
 */
export async function openPluginServer(
  descriptor: number,
  handle: RequestListener,
  onError: (error: Error) => void,
): Promise<PluginServer> {
  const server = createServer(serverOptions, handle);
  // A client that has sent all still gets its answer; no public option says so.
  Object.assign(server, { httpAllowHalfOpen: true });
  server.maxConnections = mostConnections;
  const connections = trackConnections(server);
  server.listen({ fd: descriptor, backlog });
  await once(server, 'listening');
  server.on('error', onError);
  return {
    adopt(connection) {
      server.emit('connection', new Socket({ fd: connection, allowHalfOpen: true }));
    },
    async close(handOver, signal) {
      // Not the close() of HTTP servers, which cuts connections that it takes for idle: a request may be in their buffers.
      const closed = fromCallback((done) => NetServer.prototype.close.call(server, () => done()));
      await connections.drain(handOver, signal);
      // Ends the timer of the server, too.
      server.closeAllConnections();
      await closed;
    },
  };
}
