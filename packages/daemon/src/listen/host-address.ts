/**
 * The addresses that the API can listen on, as `--host` names them.
 */
import { isIP } from 'node:net';
import { OutboardError } from '@outboard/engine';
import type { Configuration } from '../configuration/configuration.ts';
import { canonicalHostName } from '../http/host-name.ts';

/** Where to listen. */
export type HostAddress =
  | { readonly kind: 'unix'; readonly path: string }
  /** A unix socket that a service manager made. */
  | { readonly kind: 'inherited'; readonly descriptor: number }
  | { readonly kind: 'tcp'; readonly hostname: string; readonly port: number };

/** `sockaddr_un.sun_path` less its end mark; Node.js cuts longer paths silently, so that two of them could collide. */
const maxSocketPathBytes = 107;

/** What the configuration says about TCP. */
export type TcpRules = Pick<Configuration, 'insecure-tcp' | 'tls' | 'tlsverify'>;

/** Say "every address", and are none. */
const anyAddress = ['0.0.0.0', '[::]'];

/** Docker's ports. */
const defaultPort = { plain: 2375, tls: 2376 } as const;

/**
 * Parse `unix:///absolute/path` or `tcp://[address][:port]`; the address defaults to localhost, the port to Docker's.
 * @throws {OutboardError} invalid; also when clients would reach the address without proving who they are, unless it is
 *   loopback and that was asked for explicitly
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
 * Parse all `--host` values; `fd://` stands for every socket that a service manager passed.
 * @param listeners their descriptors
 * @throws {OutboardError} as `parseHostAddress`; invalid for `fd://` when none was passed
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

/** The form that `parseHostAddress` reads; `fd://3` and so on for sockets that were passed. */
export function formatHostAddress(address: HostAddress): string {
  if (address.kind === 'inherited') return `fd://${address.descriptor}`;
  if (address.kind === 'unix') return `unix://${address.path}`;
  const name = isIP(address.hostname) === 6 ? `[${address.hostname}]` : address.hostname;
  return `tcp://${name}:${address.port}`;
}

/**
 * The names that requests to an address may carry in their `Host` header, besides the address that they came to.
 * @param certifies whether the daemon's certificate has a name; absent without TLS
 * @returns undefined for unix sockets, to which clients send what they like
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

/** Whoever reaches the API is root (D12): clients prove who they are, or it is loopback and was asked for. */
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
  if (!rules.tlsverify) refuseUnproven(text, hostname, rules);
  return { kind: 'tcp', hostname, port };
}

function refuseUnproven(text: string, hostname: string, rules: TcpRules): void {
  const without = rules.tls
    ? '--tls does not ask clients who they are: without --tlsverify'
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

/** Whether only this host reaches an address. */
export function isLoopback(hostname: string): boolean {
  if (hostname === 'localhost' || hostname === '::1') return true;
  return isIP(hostname) === 4 && hostname.startsWith('127.');
}
