/**
 * Addresses of plugins. Managed plugins have a unix socket; legacy plugins may also listen on TCP.
 */
import type { Cancellable } from '@outboard/async';

/** A handle on a socket, for one connection through `/proc/self/fd`. */
export interface OpenedSocket {
  /** Of O_PATH. */
  readonly descriptor: number;
  readonly isSocket: boolean;
  close(): Promise<void> | void;
}

/**
 * Opens a handle on a socket. System errors are told with their code; the message of an {OutboardError} is part of what is told.
 */
export type OpenSocket = (
  path: string,
  options: Cancellable,
) => Promise<OpenedSocket | 'absent'> | OpenedSocket | 'absent';

/** A unix socket of the host. Each connection opens it again. */
export interface SocketAddress {
  readonly kind: 'unix';
  readonly path: string;
  /** Opens it for each connection; default without following a link at the last component. */
  readonly open?: OpenSocket | undefined;
}

/** A host and port, over plain HTTP or TLS. */
export interface NetworkAddress {
  readonly kind: 'network';
  readonly host: string;
  readonly port: number;
  /** Plain HTTP when absent. */
  readonly tls?: PluginTls | undefined;
}

/** TLS (1.2 or later) towards a plugin. Certificates and keys are PEM. */
export interface PluginTls {
  /** Requires a certificate of the plugin that the authorities have signed. */
  readonly isVerified: boolean;
  /** CA certificates to trust; default the system's. */
  readonly authorities?: string | undefined;
  /** Client certificate. */
  readonly certificate?: string | undefined;
  /** Private key of the client certificate. */
  readonly key?: string | undefined;
}

/** Address of a plugin. */
export type PluginAddress = SocketAddress | NetworkAddress;

/** The address as shown in messages: a path or an origin. */
export function showAddress(address: PluginAddress): string {
  return address.kind === 'unix' ? address.path : originOf(address);
}

/** Scheme, host and port of requests. */
export function originOf(address: PluginAddress): string {
  // The host name that Docker Engine sends since 24.0.5; older versions sent the path.
  if (address.kind === 'unix') return 'http://plugin.moby.localhost';
  const host = address.host.includes(':') ? `[${address.host}]` : address.host;
  return `${address.tls === undefined ? 'http' : 'https'}://${host}:${address.port}`;
}
