/**
 * The identity of a client, from its TLS certificate.
 */
import type { Socket } from 'node:net';
import type { DetailedPeerCertificate, TLSSocket } from 'node:tls';
import type { AuthorizationRequest } from '@outboard/engine';

/** Longer chains are cut: every question to a plugin has all certificates. */
const maxCertificates = 8;

/**
 * The user (common name of the client's certificate) and the client's chain of certificates without the root, as PEM.
 * Empty for a client without a verified certificate, and on a unix socket.
 * @see moby pkg/authorization/middleware.go, WrapHandler()
 */
export function identifyClient(socket: Socket): Pick<AuthorizationRequest, 'user' | 'peerCertificates'> {
  if (!isTls(socket) || !socket.authorized) return {};
  const certificate: Partial<DetailedPeerCertificate> = socket.getPeerCertificate(true);
  if (certificate.raw === undefined) return {};
  const name = commonName(certificate.subject?.CN);
  return {
    user: name === '' ? undefined : { name, authenticationMethod: 'TLS' },
    peerCertificates: encodeChain(certificate),
  };
}

/** `instanceof TLSSocket` would load `node:tls` in a daemon that does not use it. */
function isTls(socket: Socket): socket is TLSSocket {
  return 'getPeerCertificate' in socket;
}

/** Go takes the last of several common names. */
function commonName(names: string | readonly string[] | undefined): string {
  return typeof names === 'string' ? names : (names?.at(-1) ?? '');
}

function encodeChain(first: Partial<DetailedPeerCertificate>): readonly string[] {
  const chain: string[] = [];
  let certificate: Partial<DetailedPeerCertificate> | undefined = first;
  while (certificate?.raw !== undefined && chain.length < maxCertificates) {
    const issuer: Partial<DetailedPeerCertificate> | undefined = certificate.issuerCertificate;
    // The root is self-signed; the client does not send it, Node.js adds it.
    const isAuthority: boolean = issuer?.fingerprint256 === certificate.fingerprint256;
    if (isAuthority && chain.length > 0) break;
    chain.push(encodePem(certificate.raw));
    certificate = isAuthority ? undefined : issuer;
  }
  return chain;
}

function encodePem(der: Buffer): string {
  const lines = der.toString('base64').replace(/.{64}(?=.)/g, '$&\n');
  return `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`;
}
