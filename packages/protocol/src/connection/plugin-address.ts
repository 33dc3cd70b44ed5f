/**
 * Where a plugin can be reached. Managed plugins have a unix socket; legacy ones may listen on a network.
 */

/** A unix socket of the host. It is opened anew for each connection. */
export interface SocketAddress {
  readonly kind: 'unix';
  readonly path: string;
  /** Whether a link at the last component is followed; default false. Only for folders that the operator fills. */
  readonly followsLink?: boolean;
}

/** A host and port, in plain HTTP or over TLS. */
export interface NetworkAddress {
  readonly kind: 'network';
  readonly host: string;
  readonly port: number;
  /** Absent: plain HTTP. */
  readonly tls?: PluginTls;
}

/** How to speak TLS 1.2 or later to a plugin. Certificates and keys are PEM. */
export interface PluginTls {
  /** Whether the plugin must prove who it is. */
  readonly isVerified: boolean;
  /** Whom to trust; default the system's. */
  readonly authorities?: string;
  /** What the plugin is shown of us. */
  readonly certificate?: string;
  readonly key?: string;
}

export type PluginAddress = SocketAddress | NetworkAddress;

/** An address for messages; holds no key. */
export function showAddress(address: PluginAddress): string {
  return address.kind === 'unix' ? address.path : originOf(address);
}

/** Scheme, host and port of requests. */
export function originOf(address: PluginAddress): string {
  // The name that Docker Engine gives since 24.0.5; before, it was the path.
  if (address.kind === 'unix') return 'http://plugin.moby.localhost';
  const host = address.host.includes(':') ? `[${address.host}]` : address.host;
  return `${address.tls === undefined ? 'http' : 'https'}://${host}:${address.port}`;
}
