/**
 * Connections to a plugin: as many, and as long idle, as Docker Engine keeps.
 * @see moby pkg/plugins/client.go and transport.go
 */
import type { Socket } from 'node:net';
import { Pool } from 'undici';
import { connectSocket } from './socket-handle.ts';

const maxConnections = 6;
const idleMs = 30_000;

/** @param socketPath the plugin's socket on the host; opened anew for each connection, no link followed */
export function openPool(socketPath: string): Pool {
  return new Pool('http://plugin.moby.localhost', {
    connections: maxConnections,
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
  });
}
