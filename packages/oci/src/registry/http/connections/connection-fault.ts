/**
 * Explains why a request got no response: the host, the fault, and how to fix it.
 */
import { isOutboardError, OutboardError } from '../../../errors/outboard-error.ts';
import { quoteForeignText, redactUrl } from '../failures/registry-error.ts';
import { errorCode, isCertificateFault, isTransientFault, TransientFailure } from '../failures/retry.ts';
import { hostnameOf, isLinkLocal } from '../hosts/addresses.ts';
import { connectTimeoutMs, outOfReachCode } from './connect-rules.ts';
import type { HttpRequest } from './http-request.ts';

/**
 * The error to throw for a failed exchange.
 * @param idleMs milliseconds without progress before it failed
 * @returns the signal's reason, a `TransientFailure`, or an `OutboardError` that is unavailable or forbidden
 */
export function explainFault(request: HttpRequest, error: unknown, idleMs: number): unknown {
  if (request.signal?.aborted) return request.signal.reason;
  if (error instanceof TransientFailure) return error;
  if (isOutboardError(error)) {
    return error.kind === 'unavailable' ? new TransientFailure(error, { idleMs }) : error;
  }
  if (errorCode(error) === outOfReachCode) return outOfReach(request);
  const reason = error instanceof Error ? describeFault(error, request) : String(error);
  const wrapped = new OutboardError(
    'unavailable',
    `failed to do request: ${request.method} "${redactUrl(request.url)}": ${quoteForeignText(reason)}`,
    { cause: error },
  );
  return isTransientFault(error) ? new TransientFailure(wrapped, { idleMs }) : wrapped;
}

/** The error for an address that a registry named and may not name. */
export function outOfReach({ url, route }: HttpRequest): OutboardError {
  const what =
    isLinkLocal(hostnameOf(url)) || route.reach === 'loopback'
      ? 'its address is link-local or that of a metadata service'
      : `its address is ${route.reach === 'private' ? "this machine's own" : 'private'}, and the registry's is not`;
  return new OutboardError(
    'forbidden',
    `refusing to connect to ${redactUrl(url)}, an address that the registry named: ${what}; an operator may list it in insecure-registries`,
  );
}

/** Texts by error code of Node.js, undici or OpenSSL. */
const faults = new Map<string, (request: HttpRequest) => string>([
  ['ENOTFOUND', ({ url }) => `host "${url.hostname}" cannot be resolved: no such host`],
  ['EAI_AGAIN', ({ url }) => `host "${url.hostname}" cannot be resolved: no name server answers`],
  ['ECONNREFUSED', ({ url }) => `connection refused: nothing listens at ${url.host}`],
  [
    'UND_ERR_CONNECT_TIMEOUT',
    () => `no connection in ${connectTimeoutMs / 1000} s: the host does not answer`,
  ],
  ['ETIMEDOUT', () => 'no connection: the host does not answer'],
  ['EHOSTUNREACH', ({ url }) => `no route to host "${url.hostname}"`],
  ['ENETUNREACH', ({ url }) => `no route to the network of host "${url.hostname}"`],
  ['ECONNRESET', () => 'the server closed the connection (connection reset)'],
  ['UND_ERR_SOCKET', () => 'the server closed the connection'],
  ['CERT_HAS_EXPIRED', () => "the server's certificate has expired"],
  ['CERT_NOT_YET_VALID', () => "the server's certificate is not valid yet: is this host's clock right?"],
  // OpenSSL's codes for "the first bytes were not TLS", with Docker's text
  ['EPROTO', notTls],
  ['ERR_SSL_WRONG_VERSION_NUMBER', notTls],
  ['ERR_SSL_PACKET_LENGTH_TOO_LONG', notTls],
]);

function notTls(): string {
  return 'server gave HTTP response to HTTPS client: it does not use TLS; if that is intended, list it in insecure-registries';
}

const unknownAuthority =
  /^(?:DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_\w+|CERT_UNTRUSTED|INVALID_CA)$/;

/** The server ended the handshake. */
function describeAlert(alert: string, { url, route }: HttpRequest): string {
  const wants = /certificate (?:required|unknown)|bad certificate|handshake failure|access denied|unknown ca/;
  const place = `${route.certificateDirectory}/client.cert and client.key`;
  const reason =
    route.identity === undefined
      ? `: it may require a client certificate; put one with its key in ${place}`
      : `: it may not accept the client certificate; the one for it and its key belong in ${place}`;
  const advice = wants.test(alert) ? reason : '';
  return `the server at ${url.host} refused the connection by TLS (${alert})${advice}`;
}

function describeFault(error: Error, request: HttpRequest): string {
  const code = errorCode(error) ?? '';
  const words = faults.get(code);
  if (words !== undefined) return words(request);
  if (error instanceof AggregateError) {
    return error.errors.map((each) => describeFault(each, request)).join(', ');
  }
  const alert = /_ALERT_(\w+)$/.exec(code)?.[1]?.toLowerCase().replaceAll('_', ' ');
  if (alert !== undefined) return describeAlert(alert, request);
  if (unknownAuthority.test(code)) {
    // Node.js 24 adds advice about its command line.
    const reason = error.message.replace(/; if the root CA .*$/, '');
    return `${reason}: the server's certificate is of an authority that this host does not trust; put that authority's certificate in ${request.route.certificateDirectory}/ca.crt`;
  }
  if (isCertificateFault(error)) return `the server's certificate is refused: ${error.message}`;
  // OpenSSL's own lines name a source file and its line, and end with a line feed.
  const openSsl = /^[0-9A-F]+:error:[^:]*:[^:]*:[^:]*:([^:]+):/.exec(error.message);
  if (openSsl !== null) return `TLS failed: ${openSsl[1]}`;
  return error.message.trim() || code || error.name;
}
