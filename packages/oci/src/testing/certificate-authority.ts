/**
 * An authority that issues certificates of servers and clients for tests, and revokes them. PEM.
 * @see RFC 5280
 */
import { type KeyObject, X509Certificate } from 'node:crypto';
import { type MadeCertificate, makeCertificate, signedElement } from './certificate-maker.ts';
import { commonName, ecdsaWithSha256, element, integer, pem, sequence, time } from './der.ts';

/** A certificate with its private key, as PEM. */
export interface TestCertificate {
  readonly certificate: string;
  readonly key: string;
}

/** Content of a certificate. */
export interface CertificateOptions {
  readonly commonName: string;
  /** DNS names and IP addresses. */
  readonly names?: readonly string[];
  /** Extended key usage; default any. */
  readonly usage?: 'server' | 'client';
  readonly notBefore?: Date;
  readonly notAfter?: Date;
}

/** An issuer of certificates. */
export interface TestAuthority {
  /** Its own certificate, as PEM, the trust anchor for the others. */
  readonly certificate: string;
  issue(wishes: CertificateOptions): TestCertificate;
  /** An intermediate authority, certified by this one. */
  issueAuthority(commonName: string): TestAuthority;
  /** The revocation list of this authority, as PEM. */
  revoke(...certificates: readonly TestCertificate[]): string;
}

const dayMs = 86_400_000;

/** Make a self-signed authority. */
export function createAuthority(name: string): TestAuthority {
  return authorityOf(makeCertificate({ name, isAuthority: true, ...aroundNow() }));
}

function authorityOf(own: MadeCertificate): TestAuthority {
  return {
    certificate: own.pem,
    issue({ commonName: name, usage = 'any' as const, ...wishes }) {
      const made = makeCertificate({ name, usage, issuer: own, ...aroundNow(), ...wishes });
      return { certificate: made.pem, key: privatePem(made.privateKey) };
    },
    issueAuthority: (name) =>
      authorityOf(makeCertificate({ name, isAuthority: true, issuer: own, ...aroundNow() })),
    revoke: (...certificates) => revocationList(certificates, own),
  };
}

function aroundNow() {
  const now = Date.now();
  return { notBefore: new Date(now - dayMs), notAfter: new Date(now + dayMs) };
}

function privatePem(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem' }).toString();
}

/** RFC 5280, 5.1 */
function revocationList(certificates: readonly TestCertificate[], issuer: MadeCertificate): string {
  const { notBefore, notAfter } = aroundNow();
  const entries = certificates.map((revoked) => {
    const { serialNumber } = new X509Certificate(revoked.certificate);
    return sequence(element(0x02, Buffer.from(serialNumber, 'hex')), time(notBefore));
  });
  const body = sequence(
    integer(1), // version 2
    ecdsaWithSha256,
    commonName(issuer.name),
    time(notBefore),
    time(notAfter),
    ...(entries.length === 0 ? [] : [sequence(...entries)]),
  );
  return pem('X509 CRL', signedElement(body, issuer.privateKey));
}
