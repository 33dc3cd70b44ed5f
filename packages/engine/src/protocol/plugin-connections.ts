/**
 * Connections to a plugin, kept as long idle as Docker Engine keeps them.
 * @see moby pkg/plugins/client.go and transport.go
 */
import type { Socket } from 'node:net';
import { Client, Pool } from 'undici';
import { connectSocket } from './socket-handle.ts';

/**
 * Docker opens as many as there are calls. A limit as low as its six idle ones would let six calls that hang stop every
 * other call to the plugin; this one only bounds what a plugin that hangs can pile up.
 */
const maxConnections = 128;
const idleMs = 30_000;

/** Connections for calls. @param socketPath the plugin's socket on the host; opened anew for each connection */
export function openPool(socketPath: string): Pool {
  return new Pool(origin, { ...connectionOptions(socketPath), connections: maxConnections });
}

/** One connection that no other call waits for. */
export function openConnection(socketPath: string): Client {
  return new Client(origin, connectionOptions(socketPath));
}

const origin = 'http://plugin.moby.localhost';

function connectionOptions(socketPath: string): Client.Options {
  return {
    keepAliveTimeout: idleMs,
    // The call's own deadline rules; undici's would cut a volume that takes minutes to mount.
    headersTimeout: 0,
    bodyTimeout: 0,
    connect(_options, callback) {
      connectSocket(socketPath).then(
        (socket: Socket) => callback(null, socket),
        (error: Error) => callback(error, null),
      );
    },
  };
}
