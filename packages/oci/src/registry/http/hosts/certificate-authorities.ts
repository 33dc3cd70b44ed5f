/**
 * The certificates of private authorities, in one directory per registry as for Docker.
 * @see docs.docker.com, "Verify repository client with certificates"
 */
import { X509Certificate } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { OutboardError } from '../../../errors/outboard-error.ts';
import { systemErrorCode } from '../../../files/storage-error.ts';

/** Directories with one subdirectory per registry, named `HOST` or `HOST:PORT`. Docker's is the second. */
export const defaultCertificateDirectories: readonly string[] = [
  '/etc/outboard/certs.d',
  '/etc/docker/certs.d',
];

const maxFiles = 64;

/** The file where an operator can add the authority of a registry, for error messages. */
export function authoritiesFile(directories: readonly string[], domain: string): string {
  return join(directories[0] ?? '/etc/outboard/certs.d', domain, 'ca.crt');
}

/**
 * Read every `*.crt` of a registry. Missing directories are ignored.
 * @returns PEM; undefined when there are none
 * @throws {OutboardError} system for a file that cannot be read, invalid for one without a certificate
 */
export async function readAuthorities(
  directories: readonly string[],
  domain: string,
): Promise<string | undefined> {
  const found: string[] = [];
  for (const directory of directories) {
    const path = join(directory, domain);
    for (const name of await certificateFiles(path)) found.push(await readCertificate(join(path, name)));
  }
  return found.length === 0 ? undefined : found.join('\n');
}

async function certificateFiles(path: string): Promise<readonly string[]> {
  try {
    const names = await readdir(path);
    return names
      .filter((name) => name.endsWith('.crt'))
      .sort()
      .slice(0, maxFiles);
  } catch (cause) {
    const code = systemErrorCode(cause);
    if (code === 'ENOENT' || code === 'ENOTDIR') return [];
    throw unreadable(path, cause);
  }
}

async function readCertificate(path: string): Promise<string> {
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw unreadable(path, cause);
  });
  try {
    new X509Certificate(text);
  } catch (cause) {
    throw new OutboardError(
      'invalid',
      `invalid certificate of an authority in ${JSON.stringify(path)}: expected PEM`,
      { cause },
    );
  }
  return text;
}

function unreadable(path: string, cause: unknown): OutboardError {
  const reason = systemErrorCode(cause) ?? String(cause);
  return new OutboardError(
    'system',
    `cannot read the certificates of authorities in ${JSON.stringify(path)}: ${reason}`,
    { cause },
  );
}
