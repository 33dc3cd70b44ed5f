/**
 * Makes X.509 certificates for tests: of authorities, servers, clients, time stamp authorities, and with the extensions that
 * Fulcio writes.
 * @see RFC 5280
 */
import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import { isIP } from 'node:net';
import {
  bits,
  commonName,
  ecdsaWithSha256,
  element,
  integer,
  isTrue,
  objectId,
  octets,
  pem,
  sequence,
  time,
} from './der.ts';

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
  /** Serial number in DER. */
  readonly serial: Buffer;
}

/** Permitted use of a key. */
export type KeyUsage = 'server' | 'client' | 'code' | 'time-stamps' | 'any';

/** The last arc of the extended key usage. */
const usageArcs = { server: 1, client: 2, code: 3, 'time-stamps': 8 } as const;

/** Content of a certificate. */
export interface CertificateContent {
  /** Common name. */
  readonly name: string;
  /** Default: itself. */
  readonly issuer?: Pick<MadeCertificate, 'name' | 'privateKey' | 'publicKey'> | undefined;
  readonly keys?: KeyPair | undefined;
  readonly notBefore?: Date | undefined;
  readonly notAfter?: Date | undefined;
  readonly isAuthority?: boolean | undefined;
  /** Default `any` for authorities, else `code`. */
  readonly usage?: KeyUsage | undefined;
  /** DNS names and IPv4 addresses. */
  readonly names?: readonly string[] | undefined;
  readonly email?: string | undefined;
  readonly uri?: string | undefined;
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
  const serial = newSerial();
  const signer = content.issuer ?? keys;
  const extensions = extensionsOf(content);
  const { certificateLog } = content;
  if (certificateLog !== undefined) {
    const body = encodeBody(content, { keys, serial, extensions });
    extensions.push(promise(body, signer, certificateLog));
  }
  const der = signedElement(encodeBody(content, { keys, serial, extensions }), signer.privateKey);
  return { ...keys, der, pem: pem('CERTIFICATE', der), name: content.name, serial };
}

/** An element with its signature, as certificates and revocation lists are. */
export function signedElement(body: Buffer, key: KeyObject): Buffer {
  return sequence(body, ecdsaWithSha256, bits(sign('sha256', body, key)));
}

/** Eight bytes, of which the first makes the number positive and no shorter. */
function newSerial(): Buffer {
  return element(0x02, Buffer.from([0x40]), randomBytes(7));
}

interface BodyParts {
  readonly keys: KeyPair;
  readonly serial: Buffer;
  readonly extensions: readonly Buffer[];
}

function encodeBody(content: CertificateContent, { keys, serial, extensions }: BodyParts): Buffer {
  const { notBefore = new Date('2026-01-01'), notAfter = new Date('2046-01-01') } = content;
  return sequence(
    element(0xa0, integer(2)), // version 3
    serial,
    ecdsaWithSha256,
    commonName(content.issuer?.name ?? content.name),
    sequence(time(notBefore), time(notAfter)),
    commonName(content.name),
    spkiOf(keys),
    element(0xa3, sequence(...extensions)),
  );
}

function extensionsOf(content: CertificateContent): Buffer[] {
  const { isAuthority = false, usage = isAuthority ? 'any' : 'code', oidcIssuer } = content;
  const names = alternativeNames(content);
  return [
    ...(isAuthority ? [extension('2.5.29.19', sequence(isTrue), true)] : []),
    // Signatures; for authorities also of certificates and revocation lists.
    extension('2.5.29.15', element(0x03, Buffer.from(isAuthority ? [1, 0x86] : [7, 0x80])), true),
    ...(usage === 'any' ? [] : [usageExtension(usage)]),
    ...(names.length === 0 ? [] : [extension('2.5.29.17', sequence(...names), true)]),
    ...(oidcIssuer === undefined
      ? []
      : [
          extension('1.3.6.1.4.1.57264.1.1', Buffer.from(oidcIssuer)),
          extension('1.3.6.1.4.1.57264.1.8', element(0x0c, Buffer.from(oidcIssuer))),
        ]),
  ];
}

/** Time stamp authorities must have it critical. @see RFC 3161, 2.3 */
function usageExtension(usage: keyof typeof usageArcs): Buffer {
  const value = sequence(objectId(`1.3.6.1.5.5.7.3.${usageArcs[usage]}`));
  return extension('2.5.29.37', value, usage === 'time-stamps');
}

function alternativeNames({ email, uri, names = [] }: CertificateContent): Buffer[] {
  return [
    ...(email === undefined ? [] : [element(0x81, Buffer.from(email))]),
    ...(uri === undefined ? [] : [element(0x86, Buffer.from(uri))]),
    ...names.map((name) =>
      isIP(name) === 0
        ? element(0x82, Buffer.from(name))
        : element(0x87, Buffer.from(name.split('.').map(Number))),
    ),
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
  return extension('1.3.6.1.4.1.11129.2.4.2', octets(withLength(withLength(entry))));
}

function withLength(bytes: Buffer): Buffer {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

function extension(id: string, value: Buffer, isCritical = false): Buffer {
  return sequence(objectId(id), ...(isCritical ? [isTrue] : []), octets(value));
}
