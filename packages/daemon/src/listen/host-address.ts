/**
 * Addresses of the API in the form of `--host`.
 */
import { isIP } from 'node:net';
import { OutboardError } from '@outboard/engine';
import type { Configuration } from '../configuration/configuration.ts';
import { canonicalHostName } from '../http/host-name.ts';

/** An address to listen on. */
export type HostAddress =
  | { readonly kind: 'unix'; readonly path: string }
  /** A unix socket that a service manager opened. */
  | { readonly kind: 'inherited'; readonly descriptor: number }
  | { readonly kind: 'tcp'; readonly hostname: string; readonly port: number };

/** `sockaddr_un.sun_path` without its terminating zero. Node.js truncates longer paths silently, and two could collide. */
const maxSocketPathBytes = 107;

/** The settings for TCP. */
export type TcpRules = Pick<Configuration, 'insecure-tcp' | 'tls' | 'tlsverify'>;

/** Wildcard addresses, which no client can name. */
const anyAddress = ['0.0.0.0', '[::]'];

/** Docker's ports for the API. */
const defaultPort = { plain: 2375, tls: 2376 } as const;

/**
 * Parse `unix:///absolute/path` or `tcp://[address][:port]`; the address defaults to localhost, the port to Docker's.
 * @throws {OutboardError} invalid; also for an address without client authentication, unless it is loopback and
 *   `insecure-tcp` is set
 */
export function parseHostAddress(text: string, rules: TcpRules): HostAddress {
  if (text.startsWith('unix://')) return parseUnixAddress(text, text.slice('unix://'.length));
  if (text.startsWith('tcp://')) return parseTcpAddress(text, rules);
  throw new OutboardError(
    'invalid',
    `invalid host ${JSON.stringify(text)}: expected unix:///PATH, tcp://ADDRESS[:PORT] or fd://`,
  );
}

/**
 * Parse all values of `--host`; `fd://` means every socket from the service manager.
 * @param listeners descriptors of those sockets
 * @throws {OutboardError} as `parseHostAddress`; invalid for `fd://` without such a socket
 */
export function parseHostAddresses(
  texts: readonly string[],
  rules: TcpRules,
  listeners: readonly number[],
): readonly HostAddress[] {
  return texts.flatMap((text) => {
    if (text !== 'fd://') return [parseHostAddress(text, rules)];
    if (listeners.length > 0)
      return listeners.map((descriptor) => ({ kind: 'inherited', descriptor }) as const);
    throw new OutboardError(
      'invalid',
      'invalid host "fd://": no socket was passed to this process; start it by a systemd socket unit, or use unix:///PATH',
    );
  });
}

/** Format an address as `parseHostAddress` reads it; a socket of the service manager becomes `fd://3` and so on. */
export function formatHostAddress(address: HostAddress): string {
  if (address.kind === 'inherited') return `fd://${address.descriptor}`;
  if (address.kind === 'unix') return `unix://${address.path}`;
  const name = isIP(address.hostname) === 6 ? `[${address.hostname}]` : address.hostname;
  return `tcp://${name}:${address.port}`;
}

/**
 * The names that the `Host` header of a request to an address may have, besides the address of the connection itself.
 * @param certifies true for the names in the certificate of the daemon; absent without TLS
 * @returns undefined for unix sockets, whose clients send any name
 */
export function hostRule(
  address: HostAddress,
  certifies: (name: string) => boolean = () => false,
): ((name: string) => boolean) | undefined {
  if (address.kind !== 'tcp') return undefined;
  const own = new Set(['localhost', '127.0.0.1', '[::1]', canonicalHostName(address.hostname)]);
  for (const any of anyAddress) own.delete(any);
  return (name) => own.has(name) || certifies(name);
}

function parseUnixAddress(text: string, path: string): HostAddress {
  if (!path.startsWith('/') || path.includes('\0') || path.endsWith('/')) {
    throw new OutboardError(
      'invalid',
      `invalid host ${JSON.stringify(text)}: expected unix:// and an absolute path`,
    );
  }
  const bytes = Buffer.byteLength(path);
  if (bytes > maxSocketPathBytes) {
    throw new OutboardError(
      'invalid',
      `invalid host ${JSON.stringify(text)}: the path has ${bytes} bytes, a socket's may have ${maxSocketPathBytes}`,
    );
  }
  return { kind: 'unix', path };
}

const tcpAddress = /^tcp:\/\/(?:\[([0-9a-fA-F:.]+)\]|([A-Za-z0-9._-]*))(?::(\d{1,5}))?\/?$/;

/** Clients of the API have root rights (D12): they authenticate with a certificate, or the address is loopback and allowed. */
function parseTcpAddress(text: string, rules: TcpRules): HostAddress {
  const match = tcpAddress.exec(text);
  const port = Number(match?.[3] ?? defaultPort[rules.tls ? 'tls' : 'plain']);
  if (match === null || port > 65_535) {
    throw new OutboardError(
      'invalid',
      `invalid host ${JSON.stringify(text)}: expected tcp://ADDRESS[:PORT], such as tcp://127.0.0.1:2376`,
    );
  }
  const hostname = match[1] ?? (match[2] || 'localhost');
  if (!rules.tlsverify) refuseUnauthenticated(text, hostname, rules);
  return { kind: 'tcp', hostname, port };
}

function refuseUnauthenticated(text: string, hostname: string, rules: TcpRules): void {
  const without = rules.tls
    ? '--tls does not authenticate clients: without --tlsverify'
    : 'without --tlsverify';
  if (!isLoopback(hostname)) {
    throw new OutboardError(
      'invalid',
      `refusing to listen on ${JSON.stringify(text)}: ${without} only loopback addresses are served, such as ` +
        `tcp://127.0.0.1:${defaultPort[rules.tls ? 'tls' : 'plain']}`,
    );
  }
  if (!rules['insecure-tcp']) {
    throw new OutboardError(
      'invalid',
      `refusing to listen on ${JSON.stringify(text)}: ${without} every local user and every container on the host ` +
        'network could control this host through it; add --tlsverify, or --insecure-tcp to accept that',
    );
  }
}

/** True if an address can be reached from this host only. */
export function isLoopback(hostname: string): boolean {
  if (hostname === 'localhost' || hostname === '::1') return true;
  return isIP(hostname) === 4 && hostname.startsWith('127.');
}
