/**
 * The TLS identity of the daemon (certificate, key) and the authorities of clients, read from files and checked before use.
 * Loaded only if TLS is configured.
 */
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { open } from 'node:fs/promises';
import { isIP } from 'node:net';
import { createSecureContext, type SecureContextOptions } from 'node:tls';
import { OutboardError } from '@outboard/engine';
import type { Configuration } from '../configuration/configuration.ts';

/** The files, by their keys in the configuration. */
export type TlsFiles = Pick<Configuration, 'tlsverify' | 'tlscacert' | 'tlscert' | 'tlskey' | 'tlscrl'>;

/** A certificate with its key, and the authorities of clients. */
export interface TlsIdentity {
  /** For `tls.createSecureContext()`. */
  readonly context: SecureContextOptions;
  /** True if the certificate is valid for this name or address (IPv6 in brackets). */
  certifies(host: string): boolean;
  /** Problems that do not prevent the use, such as an expired certificate. */
  readonly warnings: readonly string[];
}

type FileKey = 'tlscacert' | 'tlscert' | 'tlskey' | 'tlscrl';

const maxFileBytes = 1024 * 1024;
const certificateBlock = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/**
 * Read and check the files.
 * @throws {OutboardError} invalid, with the file and the expected content, never with its own content
 */
export async function loadTlsIdentity(files: TlsFiles): Promise<TlsIdentity> {
  const [cert, key, ca, crl] = await Promise.all([
    readPem(files, 'tlscert'),
    readPem(files, 'tlskey'),
    files.tlsverify ? readPem(files, 'tlscacert') : undefined,
    files.tlsverify && files.tlscrl !== '' ? readPem(files, 'tlscrl') : undefined,
  ]);
  // readCertificates() returns at least one.
  const own = readCertificates(files, 'tlscert', cert.text)[0] as X509Certificate;
  if (!own.checkPrivateKey(readKey(files, key.text))) {
    throw new OutboardError(
      'invalid',
      `the key ${quote(files, 'tlskey')} does not belong to the certificate ${quote(files, 'tlscert')}`,
    );
  }
  if (ca !== undefined) checkAuthorities(files, ca.text);
  const context: SecureContextOptions = {
    cert: cert.text,
    key: key.text,
    minVersion: 'TLSv1.2',
    ca: ca?.text,
    crl: crl?.text,
  };
  tryContext(context, files);
  return {
    context,
    certifies: (host) => certifies(own, host),
    warnings: [...warnOfMode(files, key.mode), ...warnOfDates(files, own)],
  };
}

function quote(files: TlsFiles, key: FileKey): string {
  return `${JSON.stringify(files[key])} (${key})`;
}

async function readPem(files: TlsFiles, key: FileKey): Promise<{ text: string; mode: number }> {
  try {
    await using file = await open(files[key], 'r');
    const { size, mode } = await file.stat();
    if (size > maxFileBytes) throw new Error(`it is larger than ${maxFileBytes} bytes`);
    return { text: await file.readFile('utf8'), mode };
  } catch (cause) {
    throw new OutboardError('invalid', `cannot read ${quote(files, key)}: ${reasonOf(cause)}`, { cause });
  }
}

/** Without the path, which the messages of Node.js repeat. */
function reasonOf(cause: unknown): string {
  switch ((cause as NodeJS.ErrnoException).code) {
    case 'ENOENT':
      return 'there is no such file';
    case 'EACCES':
      return 'permission denied';
    case 'EISDIR':
      return 'it is a directory';
    default:
      return cause instanceof Error ? cause.message : String(cause);
  }
}

/** At least one. */
function readCertificates(files: TlsFiles, key: FileKey, text: string): readonly X509Certificate[] {
  const blocks = text.match(certificateBlock) ?? [];
  if (blocks.length === 0) {
    throw new OutboardError('invalid', `${quote(files, key)} holds no certificate: expected one in PEM`);
  }
  try {
    return blocks.map((block) => new X509Certificate(block));
  } catch (cause) {
    throw new OutboardError('invalid', `${quote(files, key)} holds a malformed certificate`, { cause });
  }
}

/**
 * At least one authority, since Node.js would otherwise trust the public ones, and anyone could buy access. At least one of
 * them self-signed, since OpenSSL requires the whole chain up to a root, while Docker accepts an intermediate authority.
 */
function checkAuthorities(files: TlsFiles, text: string): void {
  const authorities = readCertificates(files, 'tlscacert', text);
  if (authorities.some((authority) => authority.ca && authority.checkIssued(authority))) return;
  throw new OutboardError(
    'invalid',
    `${quote(files, 'tlscacert')} has no self-signed authority, so that no client could be verified: add the root`,
  );
}

function readKey(files: TlsFiles, text: string): KeyObject {
  try {
    return createPrivateKey(text);
  } catch (cause) {
    const wanted = /ENCRYPTED/.test(text)
      ? 'it has a passphrase'
      : 'expected a private key in PEM, without passphrase';
    throw new OutboardError('invalid', `${quote(files, 'tlskey')} holds no usable key: ${wanted}`, { cause });
  }
}

/** The property of a context for each file, in the order of the checks. */
const partOf = { tlscert: 'cert', tlskey: 'key', tlscacert: 'ca', tlscrl: 'crl' } as const;

/** Other errors of OpenSSL (weak key, malformed list) are found here, with their file, and not at the first connection. */
function tryContext(context: SecureContextOptions, files: TlsFiles): void {
  let tried: SecureContextOptions = {};
  for (const file of ['tlscert', 'tlskey', 'tlscacert', 'tlscrl'] as const) {
    const part = partOf[file];
    if (context[part] === undefined) continue;
    tried = { ...tried, [part]: context[part] };
    try {
      createSecureContext(tried);
    } catch (cause) {
      throw new OutboardError('invalid', `cannot use ${quote(files, file)}: ${opensslReason(cause)}`, {
        cause,
      });
    }
  }
}

/** The reason in an error of OpenSSL, such as `error:0A00018F:SSL routines::ee key too small`. */
function opensslReason(cause: unknown): string {
  const message = cause instanceof Error ? cause.message : String(cause);
  return /:[^:]*routines:[^:]*:([^:\n]+)/.exec(message)?.[1]?.trim() ?? message.trim();
}

function certifies(certificate: X509Certificate, host: string): boolean {
  const bare = host.replace(/^\[(.*)\]$/, '$1');
  return (isIP(bare) === 0 ? certificate.checkHost(bare) : certificate.checkIP(bare)) !== undefined;
}

/** The key gives root rights on this host. */
function warnOfMode(files: TlsFiles, mode: number): readonly string[] {
  if ((mode & 0o007) === 0) return [];
  const bits = (mode & 0o777).toString(8).padStart(4, '0');
  return [`the key ${quote(files, 'tlskey')} is open to every user of this host (mode ${bits}): chmod 0600`];
}

function warnOfDates(files: TlsFiles, certificate: X509Certificate): readonly string[] {
  const now = Date.now();
  if (Date.parse(certificate.validTo) < now) {
    return [
      `the certificate ${quote(files, 'tlscert')} expired on ${certificate.validTo}: clients will refuse it`,
    ];
  }
  if (Date.parse(certificate.validFrom) > now) {
    return [`the certificate ${quote(files, 'tlscert')} is not valid before ${certificate.validFrom}`];
  }
  return [];
}
