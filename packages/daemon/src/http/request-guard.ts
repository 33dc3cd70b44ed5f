/**
 * Checks before a request is routed: against framing that two parsers could read differently, and against requests from
 * web pages.
 */
import type { IncomingMessage } from 'node:http';
import { HttpError } from './errors.ts';
import { canonicalHostName, parseHostHeader } from './host-name.ts';

const maxHeaders = 200;

/** Rules of one listener. */
export interface RequestRules {
  /**
   * True if this name, in the form of `canonicalHostName()`, is accepted in a `Host` header. The address that the client
   * connected to always is. Absent for a unix socket, whose clients send any name.
   */
  readonly allowsHost?: ((name: string) => boolean) | undefined;
}

/**
 * Check a request.
 * @throws {HttpError} 400 for ambiguous framing, 431 for too many headers, 403 for requests from web pages. The caller
 *   closes the connection after each of them
 */
export function guardRequest(request: IncomingMessage, rules: RequestRules): void {
  guardFraming(request);
  guardOrigin(request);
  if (rules.allowsHost !== undefined) guardHost(request, rules.allowsHost);
}

/**
 * Check a request to upgrade the connection.
 * @throws {HttpError} 400 for a chunked body, whose end is not known without an HTTP parser
 */
export function guardUpgrade(request: IncomingMessage): void {
  if (request.headers['transfer-encoding'] === undefined) return;
  throw new HttpError(400, 'transfer encoding is not allowed in a request to upgrade: send Content-Length');
}

/** Against request smuggling (D01): Node.js accepts transfer codings that it cannot decode, and several Host headers. */
function guardFraming(request: IncomingMessage): void {
  const { rawHeaders } = request;
  if (rawHeaders.length / 2 > maxHeaders) {
    throw new HttpError(431, `the request has more than ${maxHeaders} headers`);
  }
  const coding = request.headers['transfer-encoding'];
  if (coding !== undefined && coding.toLowerCase() !== 'chunked') {
    throw new HttpError(400, `unsupported transfer encoding ${JSON.stringify(coding)}: only "chunked" is`);
  }
  if (coding !== undefined && request.httpVersion === '1.0') {
    throw new HttpError(400, 'transfer encoding is not allowed in HTTP/1.0');
  }
  let hosts = 0;
  for (let i = 0; i < rawHeaders.length; i += 2) if (rawHeaders[i]?.toLowerCase() === 'host') hosts += 1;
  if (hosts > 1) throw new HttpError(400, 'the request has more than one Host header');
  if (hosts === 0 && request.httpVersion !== '1.0')
    throw new HttpError(400, 'the request has no Host header');
}

/** Against cross-site requests (D10, D11): browsers always send the origin of such a request, other clients never do. */
function guardOrigin(request: IncomingMessage): void {
  const site = request.headers['sec-fetch-site'];
  const fromWeb = site !== undefined && site !== 'none' && site !== 'same-origin';
  if (fromWeb || request.headers.origin !== undefined) {
    throw new HttpError(403, 'requests from web pages are refused');
  }
}

/** Against DNS rebinding (D10): a page whose name now resolves to this address still sends its own name. */
function guardHost(request: IncomingMessage, allows: (name: string) => boolean): void {
  const header = request.headers.host ?? '';
  const name = parseHostHeader(header);
  if (name !== undefined && (name === connectedAddress(request) || allows(name))) return;
  throw new HttpError(
    403,
    `host ${JSON.stringify(header.slice(0, 256))} is not a name of this daemon: use an address that it listens on, or a ` +
      'name in its certificate',
  );
}

function connectedAddress(request: IncomingMessage): string | undefined {
  const { localAddress } = request.socket;
  return localAddress === undefined ? undefined : canonicalHostName(localAddress);
}
