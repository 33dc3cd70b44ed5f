/**
 * The addresses that the API can listen on, as `--host` names them.
 */
import { isIP } from 'node:net';
import { OutboardError } from '@outboard/engine';

/** Where to listen. */
export type HostAddress =
  | { readonly kind: 'unix'; readonly path: string }
  | { readonly kind: 'tcp'; readonly hostname: string; readonly port: number };

/** `sockaddr_un.sun_path` less its end mark; Node.js cuts longer paths silently, so that two of them could collide. */
const maxSocketPathBytes = 107;

/**
 * Parse `unix:///absolute/path` or `tcp://address:port`.
 * @throws {OutboardError} invalid; the address is not loopback, or TCP was not asked for explicitly
 */
export function parseHostAddress(text: string, options: { readonly insecureTcp: boolean }): HostAddress {
  if (text.startsWith('unix://')) return parseUnixAddress(text, text.slice('unix://'.length));
  if (text.startsWith('tcp://')) return parseTcpAddress(text, options.insecureTcp);
  throw new OutboardError(
    'invalid',
    `invalid host ${JSON.stringify(text)}: expected unix:///PATH or tcp://127.0.0.1:PORT`,
  );
}

/** The form that `parseHostAddress` reads. */
export function formatHostAddress(address: HostAddress): string {
  if (address.kind === 'unix') return `unix://${address.path}`;
  const name = isIP(address.hostname) === 6 ? `[${address.hostname}]` : address.hostname;
  return `tcp://${name}:${address.port}`;
}

/** The names that a request to this address may carry in its `Host` header. */
export function allowedHostNames(address: HostAddress): ReadonlySet<string> | undefined {
  if (address.kind === 'unix') return undefined;
  return new Set(['localhost', '127.0.0.1', '[::1]', address.hostname.toLowerCase()]);
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

const tcpAddress = /^tcp:\/\/(?:\[([0-9a-fA-F:.]+)\]|([^[\]/:]+)):(\d{1,5})$/;

/** There is no TLS yet, and whoever reaches the API is root (D12): loopback only, and only when asked for. */
function parseTcpAddress(text: string, insecureTcp: boolean): HostAddress {
  const match = tcpAddress.exec(text);
  const port = Number(match?.[3]);
  if (match === null || port > 65_535) {
    throw new OutboardError('invalid', `invalid host ${JSON.stringify(text)}: expected tcp://127.0.0.1:PORT`);
  }
  const hostname = match[1] ?? match[2] ?? '';
  if (!isLoopback(hostname)) {
    throw new OutboardError(
      'invalid',
      `refusing to listen on ${JSON.stringify(text)}: without TLS only loopback addresses are served, such as tcp://127.0.0.1:2375`,
    );
  }
  if (!insecureTcp) {
    throw new OutboardError(
      'invalid',
      `refusing to listen on ${JSON.stringify(text)}: every local user and every container on the host network could ` +
        'control this host through it; add --insecure-tcp to accept that',
    );
  }
  return { kind: 'tcp', hostname, port };
}

function isLoopback(hostname: string): boolean {
  if (hostname === 'localhost' || hostname === '::1') return true;
  return isIP(hostname) === 4 && hostname.startsWith('127.');
}
