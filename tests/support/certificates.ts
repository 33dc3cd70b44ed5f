/**
 * Certificates for tests, made on demand: authorities, servers, clients, and revocation lists. Node.js cannot write
 * certificates, and not every machine has openssl, so they are encoded here.
 * @see RFC 5280; X.690 for DER
 */
import { generateKeyPairSync, type KeyObject, randomBytes, sign, X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';

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
export function createAuthority(commonName: string): TestAuthority {
  const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const wishes = { commonName, isAuthority: true };
  return authority(
    commonName,
    keys.privateKey,
    certificate(wishes, keys.publicKey, commonName, keys.privateKey),
  );
}

function authority(commonName: string, key: KeyObject, own: string): TestAuthority {
  return {
    certificate: own,
    issue(wishes) {
      const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' });
      return {
        certificate: certificate(wishes, keys.publicKey, commonName, key),
        key: keys.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
      };
    },
    issueAuthority(name) {
      const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' });
      const wishes = { commonName: name, isAuthority: true };
      return authority(name, keys.privateKey, certificate(wishes, keys.publicKey, commonName, key));
    },
    revoke: (...certificates) => revocationList(certificates, commonName, key),
  };
}

/** RFC 5280, 4.1 */
function certificate(
  wishes: CertificateOptions & { readonly isAuthority?: boolean },
  publicKey: KeyObject,
  issuer: string,
  issuerKey: KeyObject,
): string {
  const now = Date.now();
  const { notBefore = new Date(now - dayMs), notAfter = new Date(now + dayMs) } = wishes;
  const body = sequence(
    tagged(0, integer(2)), // version 3
    newSerial(),
    ecdsaWithSha256,
    name(issuer),
    sequence(time(notBefore), time(notAfter)),
    name(wishes.commonName),
    publicKey.export({ type: 'spki', format: 'der' }),
    tagged(3, sequence(...extensions(wishes))),
  );
  return pem('CERTIFICATE', signed(body, issuerKey));
}

/** Eight bytes, of which the first makes the number positive and no shorter. */
function newSerial(): Buffer {
  return der(0x02, Buffer.from([0x40]), randomBytes(7));
}

function extensions(wishes: CertificateOptions & { readonly isAuthority?: boolean }): Buffer[] {
  const { isAuthority = false, names = [], usage } = wishes;
  return [
    extension('2.5.29.19', sequence(...(isAuthority ? [boolean(true)] : []))),
    ...(usage === undefined
      ? []
      : [extension('2.5.29.37', sequence(objectId(`1.3.6.1.5.5.7.3.${usage === 'server' ? 1 : 2}`)))]),
    ...(names.length === 0 ? [] : [extension('2.5.29.17', sequence(...names.map(alternativeName)))]),
  ];
}

/** IPv4 only, of addresses. */
function alternativeName(text: string): Buffer {
  if (isIP(text) === 0) return der(0x82, Buffer.from(text));
  return der(0x87, Buffer.from(text.split('.').map(Number)));
}

/** RFC 5280, 5.1 */
function revocationList(certificates: readonly TestCertificate[], issuer: string, key: KeyObject): string {
  const now = Date.now();
  const entries = certificates.map((revoked) => {
    const { serialNumber } = new X509Certificate(revoked.certificate);
    return sequence(der(0x02, Buffer.from(serialNumber, 'hex')), time(new Date(now - dayMs)));
  });
  const body = sequence(
    integer(1), // version 2
    ecdsaWithSha256,
    name(issuer),
    time(new Date(now - dayMs)),
    time(new Date(now + dayMs)),
    ...(entries.length === 0 ? [] : [sequence(...entries)]),
  );
  return pem('X509 CRL', signed(body, key));
}

function signed(body: Buffer, key: KeyObject): Buffer {
  return sequence(body, ecdsaWithSha256, bitString(sign('sha256', body, key)));
}

function name(commonName: string): Buffer {
  return sequence(der(0x31, sequence(objectId('2.5.4.3'), der(0x0c, Buffer.from(commonName)))));
}

function extension(id: string, value: Buffer): Buffer {
  return sequence(objectId(id), der(0x04, value));
}

function der(tag: number, ...parts: readonly Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  const size = content.length;
  const length = size < 128 ? [size] : size < 256 ? [0x81, size] : [0x82, size >> 8, size & 0xff];
  return Buffer.concat([Buffer.from([tag, ...length]), content]);
}

function sequence(...parts: readonly Buffer[]): Buffer {
  return der(0x30, ...parts);
}

function tagged(number: number, content: Buffer): Buffer {
  return der(0xa0 + number, content);
}

function boolean(value: boolean): Buffer {
  return der(0x01, Buffer.from([value ? 0xff : 0]));
}

/** Up to 127. */
function integer(value: number): Buffer {
  return der(0x02, Buffer.from([value]));
}

function bitString(content: Buffer): Buffer {
  return der(0x03, Buffer.from([0]), content);
}

function objectId(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  const arcs = rest.flatMap((arc) => {
    const digits = [arc & 0x7f];
    for (let left = arc >> 7; left > 0; left >>= 7) digits.unshift((left & 0x7f) | 0x80);
    return digits;
  });
  return der(0x06, Buffer.from([first * 40 + second, ...arcs]));
}

/** GeneralizedTime after 2049, UTCTime before, as RFC 5280 wants. */
function time(date: Date): Buffer {
  const digits = date.toISOString().replace(/[-:T]|\.\d+/g, '');
  return date.getUTCFullYear() < 2050
    ? der(0x17, Buffer.from(digits.slice(2)))
    : der(0x18, Buffer.from(digits));
}

function pem(label: string, content: Buffer): string {
  const lines = content.toString('base64').replace(/.{64}(?=.)/g, '$&\n');
  return `-----BEGIN ${label}-----\n${lines}\n-----END ${label}-----\n`;
}

const ecdsaWithSha256 = sequence(objectId('1.2.840.10045.4.3.2'));
