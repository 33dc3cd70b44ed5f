/**
 * Certificates for the connections to one host, in one directory per host as for Docker and Podman: authorities to trust
 * (`*.crt`), and certificates of this client with their keys (`NAME.cert`, `NAME.key`).
 * @see docs.docker.com, "Verify repository client with certificates"; containers-certs.d(5)
 */
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { OutboardError } from '../../../errors/outboard-error.ts';
import { describeErrorCode } from '../../../errors/system-error-words.ts';
import { systemErrorCode } from '../../../files/storage-error.ts';

/** A certificate of this client, which hosts may demand. PEM. */
export interface ClientIdentity {
  readonly certificate: string;
  readonly key: string;
}

/** Certificates for the connections to one host. */
export interface HostCertificates {
  /** Authorities to trust besides the built-in ones, PEM; undefined for none. */
  readonly authorities: string | undefined;
  /** In the order of their names. */
  readonly identities: readonly ClientIdentity[];
}

/** Files that are read besides those in the directories. */
export interface CertificateFiles {
  readonly ca?: string | undefined;
  readonly clientCertificate?: { readonly certificate: string; readonly key: string } | undefined;
}

const maxFiles = 64;

/** The directory where an operator can put the certificates for a host, for error messages. */
export function certificateDirectory(directories: readonly string[], domain: string): string {
  return join(directories[0] ?? '/etc/outboard/certs.d', domain);
}

/**
 * Read the certificates for a host. Missing directories are ignored.
 * @param domains names of the host, each `HOST` or `HOST:PORT`
 * @throws {OutboardError} system for a file that cannot be read; invalid for one that is not PEM, a certificate of a client
 *   without its key, and a key without its certificate
 */
export async function readHostCertificates(
  directories: readonly string[],
  domains: readonly string[],
  files: CertificateFiles = {},
): Promise<HostCertificates> {
  const authorities: string[] = [];
  const identities: ClientIdentity[] = [];
  if (files.ca !== undefined) authorities.push(await readAuthority(files.ca));
  if (files.clientCertificate !== undefined) identities.push(await readIdentity(files.clientCertificate));
  for (const directory of directories) {
    for (const domain of domains) {
      const path = join(directory, domain);
      const names = await certificateFiles(path);
      for (const name of names.filter((each) => each.endsWith('.crt'))) {
        authorities.push(await readAuthority(join(path, name)));
      }
      for (const stem of identityNames(path, names)) {
        const at = join(path, stem);
        identities.push(await readIdentity({ certificate: `${at}.cert`, key: `${at}.key` }));
      }
    }
  }
  return { authorities: authorities.length === 0 ? undefined : authorities.join('\n'), identities };
}

async function certificateFiles(path: string): Promise<readonly string[]> {
  try {
    const names = await readdir(path);
    return names
      .filter((name) => /\.(?:crt|cert|key)$/.test(name))
      .sort()
      .slice(0, maxFiles);
  } catch (cause) {
    const code = systemErrorCode(cause);
    if (code === 'ENOENT' || code === 'ENOTDIR') return [];
    throw unreadable(path, cause);
  }
}

/** Names of pairs without their endings. As in Docker, each half needs the other one. */
function identityNames(path: string, names: readonly string[]): readonly string[] {
  const stems = (ending: string) =>
    names.filter((name) => name.endsWith(ending)).map((name) => name.slice(0, -ending.length));
  const [certificates, keys] = [stems('.cert'), stems('.key')];
  const withoutKey = certificates.find((stem) => !keys.includes(stem));
  if (withoutKey !== undefined) {
    throw new OutboardError(
      'invalid',
      `missing key "${withoutKey}.key" for the client certificate "${withoutKey}.cert" in ${JSON.stringify(path)}: certificates of authorities must have names that end in .crt`,
    );
  }
  const withoutCertificate = keys.find((stem) => !certificates.includes(stem));
  if (withoutCertificate !== undefined) {
    throw new OutboardError(
      'invalid',
      `missing client certificate "${withoutCertificate}.cert" for the key "${withoutCertificate}.key" in ${JSON.stringify(path)}`,
    );
  }
  return certificates;
}

async function readAuthority(path: string): Promise<string> {
  const text = await read(path);
  parseCertificate(text, path, 'certificate of an authority');
  return text;
}

async function readIdentity(files: {
  readonly certificate: string;
  readonly key: string;
}): Promise<ClientIdentity> {
  const [certificate, key] = [await read(files.certificate), await read(files.key)];
  const parsed = parseCertificate(certificate, files.certificate, 'client certificate');
  if (!parsed.checkPrivateKey(parseKey(key, files.key))) {
    throw new OutboardError(
      'invalid',
      `the key in ${JSON.stringify(files.key)} does not belong to the client certificate in ${JSON.stringify(files.certificate)}`,
    );
  }
  return { certificate, key };
}

function parseCertificate(text: string, path: string, what: string): X509Certificate {
  try {
    return new X509Certificate(text);
  } catch (cause) {
    throw new OutboardError('invalid', `invalid ${what} in ${JSON.stringify(path)}: expected PEM`, { cause });
  }
}

/** The cause of a malformed key is not kept: no part of a key reaches a log. */
function parseKey(text: string, path: string): KeyObject {
  try {
    return createPrivateKey(text);
  } catch {
    throw new OutboardError(
      'invalid',
      `invalid key of a client certificate in ${JSON.stringify(path)}: expected PEM without a passphrase`,
    );
  }
}

async function read(path: string): Promise<string> {
  return await readFile(path, 'utf8').catch((cause: unknown) => {
    throw unreadable(path, cause);
  });
}

function unreadable(path: string, cause: unknown): OutboardError {
  const code = systemErrorCode(cause);
  const reason = code === undefined ? String(cause) : describeErrorCode(code);
  return new OutboardError('system', `cannot read certificates in ${JSON.stringify(path)}: ${reason}`, {
    cause,
  });
}
