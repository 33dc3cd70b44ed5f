/**
 * HTTP connections to a plugin, with Docker Engine's idle timeout.
 * @see moby pkg/plugins/client.go and transport.go
 */
import type { Socket } from 'node:net';
import { OutboardError } from '@outboard/oci';
import { buildConnector, Client, Pool } from 'undici';
import { CallPool } from './call-pool.ts';
import {
  type NetworkAddress,
  originOf,
  type PluginAddress,
  type SocketAddress,
  showAddress,
} from './plugin-address.ts';
import { connectSocket } from './socket-handle.ts';

/**
 * Docker sets no limit. A low one, such as its six idle connections, would let six hanging calls block all others; this
 * one only bounds the connections that a hanging plugin can accumulate.
 */
const maxConnections = 128;
const idleMs = 30_000;
/** Limit for connecting over TCP, as in Docker; a unix socket connects or fails at once. */
const connectTimeoutMs = 10_000;

/** Connections for calls. The caller destroys them. */
export function openCallPool(address: PluginAddress): CallPool {
  const options = { ...connectionOptions(address), connections: maxConnections };
  return new CallPool(() => new Pool(originOf(address), options));
}

/** A connection that is not shared. The caller destroys it. */
export function openConnection(address: PluginAddress): Client {
  return new Client(originOf(address), connectionOptions(address));
}

function connectionOptions(address: PluginAddress): Client.Options {
  return {
    keepAliveTimeout: idleMs,
    // Each call has its own deadline; undici's would end mounts that take minutes.
    headersTimeout: 0,
    bodyTimeout: 0,
    connect: address.kind === 'unix' ? socketConnector(address) : networkConnector(address),
  };
}

function socketConnector({ path, open }: SocketAddress): buildConnector.connector {
  return (_options, callback) => {
    connectSocket(path, { open }).then(
      (socket: Socket) => callback(null, socket),
      (error: Error) => callback(error, null),
    );
  };
}

function networkConnector(address: NetworkAddress): buildConnector.connector {
  const { tls } = address;
  const connect = buildConnector({
    timeout: connectTimeoutMs,
    ...(tls !== undefined && {
      minVersion: 'TLSv1.2',
      rejectUnauthorized: tls.isVerified,
      ca: tls.authorities,
      cert: tls.certificate,
      key: tls.key,
    }),
  });
  return (options, callback) => {
    connect(options, (error, socket) => {
      if (error === null) callback(null, socket);
      else callback(dialError(address, error), null);
    });
  };
}

function dialError(address: NetworkAddress, cause: Error): OutboardError {
  const code = 'code' in cause && cause.code === 'ECONNREFUSED' ? 'socket-refused' : 'socket-unreachable';
  const message = `dial tcp ${showAddress(address)}: ${cause.message}`;
  return new OutboardError('unavailable', message, { code, cause });
}
