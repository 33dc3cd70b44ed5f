/**
 * Who the client of a connection is, by its TLS certificate.
 */
import type { Socket } from 'node:net';
import type { DetailedPeerCertificate, TLSSocket } from 'node:tls';
import type { AuthorizationRequest } from '@outboard/engine';

/** Longer chains are cut: each certificate goes to the plugins with every question. */
const maxCertificates = 8;

/**
 * The user (the common name of the client's own certificate) and its certificates without the authority's, as PEM.
 * Nothing is known of a client without a certificate that was verified, nor on a unix socket.
 * @see moby pkg/authorization/middleware.go, WrapHandler()
 */
export function identifyClient(socket: Socket): Pick<AuthorizationRequest, 'user' | 'peerCertificates'> {
  if (!isTls(socket) || !socket.authorized) return {};
  const certificate: Partial<DetailedPeerCertificate> = socket.getPeerCertificate(true);
  if (certificate.raw === undefined) return {};
  const name = commonName(certificate.subject?.CN);
  return {
    ...(name === '' ? {} : { user: { name, authenticationMethod: 'TLS' } }),
    peerCertificates: encodeChain(certificate),
  };
}

/** The class itself would load TLS where none is used. */
function isTls(socket: Socket): socket is TLSSocket {
  return 'getPeerCertificate' in socket;
}

/** Of several names Go takes the last. */
function commonName(names: string | readonly string[] | undefined): string {
  return typeof names === 'string' ? names : (names?.at(-1) ?? '');
}

function encodeChain(first: Partial<DetailedPeerCertificate>): readonly string[] {
  const chain: string[] = [];
  let certificate: Partial<DetailedPeerCertificate> | undefined = first;
  while (certificate?.raw !== undefined && chain.length < maxCertificates) {
    const issuer: Partial<DetailedPeerCertificate> | undefined = certificate.issuerCertificate;
    // The authority signs itself; the client does not send it, Node.js adds it.
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
