/**
 * Makes X.509 certificates for tests, with the extensions that Fulcio writes.
 */
import { createHash, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';

/** A pair of keys. */
export interface KeyPair {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

/** An authority, or a leaf that may act as one. */
export interface MadeCertificate extends KeyPair {
  readonly der: Buffer;
  readonly pem: string;
  readonly name: string;
}

/** Content of a certificate. */
export interface CertificateContent {
  /** Common name. */
  readonly name: string;
  /** Default: itself. */
  readonly issuer?: MadeCertificate | undefined;
  readonly keys?: KeyPair | undefined;
  readonly notBefore?: Date | undefined;
  readonly notAfter?: Date | undefined;
  readonly isAuthority?: boolean | undefined;
  /** Default true for certificates that are no authorities. */
  readonly isForCode?: boolean | undefined;
  readonly email?: string | undefined;
  readonly uri?: string | undefined;
  readonly dns?: string | undefined;
  /** Issuer of OpenID Connect. */
  readonly oidcIssuer?: string | undefined;
  /** A log of certificates that promises to publish it. */
  readonly certificateLog?: KeyPair | undefined;
}

/** Make a pair of keys. @param kind `rsa`, `ed25519`, or the curve of ECDSA */
export function makeKeys(kind = 'prime256v1'): KeyPair {
  if (kind === 'rsa') return generateKeyPairSync('rsa', { modulusLength: 2048 });
  if (kind === 'ed25519') return generateKeyPairSync('ed25519');
  return generateKeyPairSync('ec', { namedCurve: kind });
}

/** The public key in PEM. */
export function publicPem({ publicKey }: Pick<KeyPair, 'publicKey'>): string {
  return publicKey.export({ type: 'spki', format: 'pem' }).toString();
}

/** SubjectPublicKeyInfo in DER. */
export function spkiOf({ publicKey }: Pick<KeyPair, 'publicKey'>): Buffer {
  return publicKey.export({ type: 'spki', format: 'der' });
}

/** Identifier of a log: the digest of its key. */
export function logIdOf(keys: KeyPair): Buffer {
  return createHash('sha256').update(spkiOf(keys)).digest();
}

/** Make a certificate. */
export function makeCertificate(content: CertificateContent): MadeCertificate {
  const keys = content.keys ?? makeKeys();
  const signer = content.issuer ?? keys;
  const extensions = extensionsOf(content);
  const { certificateLog } = content;
  if (certificateLog !== undefined) {
    extensions.push(promise(encodeBody(content, keys, extensions), signer, certificateLog));
  }
  const body = encodeBody(content, keys, extensions);
  const signature = sign('sha256', body, signer.privateKey);
  const der = sequence(body, ecdsaWithSha256, tag(0x03, Buffer.concat([Buffer.from([0]), signature])));
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  const pem = `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
  return { ...keys, der, pem, name: content.name };
}

function encodeBody(content: CertificateContent, keys: KeyPair, extensions: readonly Buffer[]): Buffer {
  const { notBefore = new Date('2026-01-01'), notAfter = new Date('2046-01-01') } = content;
  return sequence(
    tag(0xa0, tag(0x02, Buffer.from([2]))),
    tag(0x02, Buffer.from([1])),
    ecdsaWithSha256,
    commonName(content.issuer?.name ?? content.name),
    sequence(time(notBefore), time(notAfter)),
    commonName(content.name),
    spkiOf(keys),
    tag(0xa3, sequence(...extensions)),
  );
}

function extensionsOf(content: CertificateContent): Buffer[] {
  const { isAuthority = false, isForCode = !isAuthority, email, uri, dns, oidcIssuer } = content;
  const names = [
    ...(email === undefined ? [] : [tag(0x81, Buffer.from(email))]),
    ...(uri === undefined ? [] : [tag(0x86, Buffer.from(uri))]),
    ...(dns === undefined ? [] : [tag(0x82, Buffer.from(dns))]),
  ];
  return [
    ...(isAuthority ? [extension('2.5.29.19', sequence(tag(0x01, Buffer.from([0xff]))), true)] : []),
    extension('2.5.29.15', tag(0x03, Buffer.from(isAuthority ? [1, 0x06] : [7, 0x80])), true),
    ...(isForCode ? [extension('2.5.29.37', sequence(oid('1.3.6.1.5.5.7.3.3')))] : []),
    ...(names.length === 0 ? [] : [extension('2.5.29.17', sequence(...names), true)]),
    ...(oidcIssuer === undefined
      ? []
      : [
          extension('1.3.6.1.4.1.57264.1.1', Buffer.from(oidcIssuer)),
          extension('1.3.6.1.4.1.57264.1.8', tag(0x0c, Buffer.from(oidcIssuer))),
        ]),
  ];
}

/** The promise of a log of certificates, over the certificate without it. @see RFC 6962, section 3.2 */
function promise(body: Buffer, signer: KeyPair, log: KeyPair): Buffer {
  const timestamp = Buffer.alloc(8);
  timestamp.writeBigUInt64BE(BigInt(Date.parse('2026-06-01T12:00:00Z')));
  const length = Buffer.alloc(3);
  length.writeUIntBE(body.length, 0, 3);
  const signed = Buffer.concat([
    Buffer.from([0, 0]),
    timestamp,
    Buffer.from([0, 1]),
    createHash('sha256').update(spkiOf(signer)).digest(),
    length,
    body,
    Buffer.from([0, 0]),
  ]);
  const signature = sign('sha256', signed, log.privateKey);
  const entry = Buffer.concat([
    Buffer.from([0]),
    logIdOf(log),
    timestamp,
    Buffer.from([0, 0, 4, 3]),
    withLength(signature),
  ]);
  return extension('1.3.6.1.4.1.11129.2.4.2', tag(0x04, withLength(withLength(entry))));
}

function withLength(bytes: Buffer): Buffer {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

function extension(id: string, value: Buffer, isCritical = false): Buffer {
  const critical = isCritical ? [tag(0x01, Buffer.from([0xff]))] : [];
  return sequence(oid(id), ...critical, tag(0x04, value));
}

function commonName(name: string): Buffer {
  return sequence(tag(0x31, sequence(oid('2.5.4.3'), tag(0x0c, Buffer.from(name)))));
}

function time(date: Date): Buffer {
  const text = date.toISOString().replace(/[-:T]|\.\d+/g, '');
  return tag(0x17, Buffer.from(text.slice(2)));
}

function oid(text: string): Buffer {
  const [first = 0, second = 0, ...rest] = text.split('.').map(Number);
  const bytes = [first * 40 + second, ...rest.flatMap(base128)];
  return tag(0x06, Buffer.from(bytes));
}

function base128(value: number): number[] {
  const bytes = [value % 128];
  for (let rest = Math.floor(value / 128); rest > 0; rest = Math.floor(rest / 128)) {
    bytes.unshift((rest % 128) + 128);
  }
  return bytes;
}

function sequence(...parts: readonly Buffer[]): Buffer {
  return tag(0x30, Buffer.concat(parts));
}

function tag(type: number, content: Buffer): Buffer {
  const { length } = content;
  const size = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 255];
  return Buffer.concat([Buffer.from([type, ...size]), content]);
}

const ecdsaWithSha256 = sequence(oid('1.2.840.10045.4.3.2'));
