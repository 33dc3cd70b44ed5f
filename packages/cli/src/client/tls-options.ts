/**
 * Options of a TLS connection, read and checked file by file. Loaded only for connections with TLS.
 */
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { type ConnectionOptions, createSecureContext } from 'node:tls';
import { CommandError, codeOf, messageOf } from '../command-error.ts';
import { opensslReason } from './connection-error.ts';
import type { TlsClient, TlsFile } from './tls.ts';

/** Content of a file, with its name in messages. */
interface PemFile {
  readonly name: string;
  readonly text: string;
}

const certificateBlock =
  /-----BEGIN (?:TRUSTED )?CERTIFICATE-----[^-]+-----END (?:TRUSTED )?CERTIFICATE-----/g;

/**
 * Read the TLS files.
 * @throws {CommandError} with the name of a file that cannot be read or used
 */
export async function readTlsOptions(tls: TlsClient): Promise<ConnectionOptions> {
  const [ca, cert, key] = await Promise.all([
    tls.authorities && readPem(tls.authorities, 'CA certificate'),
    readPem(tls.certificate, 'client certificate'),
    readPem(tls.key, 'client key'),
  ]);
  if (ca !== undefined) readCertificates(ca);
  // As in Docker, a certificate without a key, or a key without a certificate, is ignored.
  const identity = cert === undefined || key === undefined ? undefined : readIdentity(cert, key);
  const options = { ca: ca?.text, ...identity, minVersion: 'TLSv1.2' } as const;
  tryContext(options, [ca, cert, key]);
  return { ...options, rejectUnauthorized: tls.verifies };
}

async function readPem({ path, isRequired }: TlsFile, what: string): Promise<PemFile | undefined> {
  const name = `${what} "${path}"`;
  try {
    return { name, text: await readFile(path, 'utf8') };
  } catch (error) {
    if (codeOf(error) === 'ENOENT' && !isRequired) return undefined;
    throw new CommandError(`could not read ${name}: ${reasonOf(error)}`, { cause: error });
  }
}

/** Reason without the path, which the messages of Node.js repeat. */
function reasonOf(error: unknown): string {
  switch (codeOf(error)) {
    case 'ENOENT':
      return 'no such file or directory';
    case 'EACCES':
      return 'permission denied';
    case 'EISDIR':
      return 'it is a directory';
    default:
      return messageOf(error);
  }
}

/** The certificates of a file. @throws {CommandError} for none */
function readCertificates({ name, text }: PemFile): readonly X509Certificate[] {
  const blocks = text.match(certificateBlock) ?? [];
  if (blocks.length === 0) throw new CommandError(`${name} holds no certificate: it must be PEM`);
  try {
    return blocks.map((block) => new X509Certificate(block));
  } catch (error) {
    throw new CommandError(`${name} holds a malformed certificate`, { cause: error });
  }
}

function readIdentity(cert: PemFile, key: PemFile): { readonly cert: string; readonly key: string } {
  const [own] = readCertificates(cert);
  if (own?.checkPrivateKey(readKey(key)) !== true) {
    throw new CommandError(`the ${key.name} does not belong to the ${cert.name}`);
  }
  return { cert: cert.text, key: key.text };
}

function readKey({ name, text }: PemFile): KeyObject {
  try {
    return createPrivateKey(text);
  } catch (error) {
    const wanted = /ENCRYPTED/.test(text) ? 'it has a passphrase' : 'it must be a private key in PEM';
    throw new CommandError(`${name} holds no usable key: ${wanted}`, { cause: error });
  }
}

/** Further checks of OpenSSL, such as for weak keys. */
function tryContext(options: ConnectionOptions, files: readonly (PemFile | undefined)[]): void {
  try {
    createSecureContext(options);
  } catch (error) {
    const names = files.flatMap((file) => file?.name ?? []).join(', ');
    throw new CommandError(`cannot use ${names}: ${opensslReason(messageOf(error))}`, { cause: error });
  }
}
