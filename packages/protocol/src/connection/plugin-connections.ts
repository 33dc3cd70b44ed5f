/**
 * Connections to a plugin, kept as long idle as Docker Engine keeps them.
 * @see moby pkg/plugins/client.go and transport.go
 */
import { realpath } from 'node:fs/promises';
import type { Socket } from 'node:net';
import { OutboardError } from '@outboard/oci';
import { buildConnector, Client, Pool } from 'undici';
import {
  type NetworkAddress,
  originOf,
  type PluginAddress,
  type SocketAddress,
  showAddress,
} from './plugin-address.ts';
import { connectSocket } from './socket-handle.ts';

/**
 * Docker opens as many as there are calls. A limit as low as its six idle ones would let six calls that hang stop every
 * other call to the plugin; this one only bounds what a plugin that hangs can pile up.
 */
const maxConnections = 128;
const idleMs = 30_000;
/** How long a network may take to connect, as in Docker; a unix socket connects at once or never. */
const connectTimeoutMs = 10_000;

/** Connections for calls. */
export function openPool(address: PluginAddress): Pool {
  return new Pool(originOf(address), { ...connectionOptions(address), connections: maxConnections });
}

/** One connection that no other call waits for. */
export function openConnection(address: PluginAddress): Client {
  return new Client(originOf(address), connectionOptions(address));
}

function connectionOptions(address: PluginAddress): Client.Options {
  return {
    keepAliveTimeout: idleMs,
    // The call's own deadline rules; undici's would cut a volume that takes minutes to mount.
    headersTimeout: 0,
    bodyTimeout: 0,
    connect: address.kind === 'unix' ? socketConnector(address) : networkConnector(address),
  };
}

function socketConnector({ path, followsLink = false }: SocketAddress): buildConnector.connector {
  const open = async () => connectSocket(followsLink ? await realLocation(path) : path);
  return (_options, callback) => {
    open().then(
      (socket: Socket) => callback(null, socket),
      (error: Error) => callback(error, null),
    );
  };
}

async function realLocation(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch {
    return path; // What is wrong with it is told when it is opened.
  }
}

function networkConnector(address: NetworkAddress): buildConnector.connector {
  const { tls } = address;
  const connect = buildConnector({
    timeout: connectTimeoutMs,
    ...(tls !== undefined && {
      minVersion: 'TLSv1.2',
      rejectUnauthorized: tls.isVerified,
      ...(tls.authorities !== undefined && { ca: tls.authorities }),
      ...(tls.certificate !== undefined && { cert: tls.certificate }),
      ...(tls.key !== undefined && { key: tls.key }),
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
