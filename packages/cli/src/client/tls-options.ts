/**
 * What a connection over TLS is made with. Loaded only when TLS is asked for.
 */
import { readFile } from 'node:fs/promises';
import { type ConnectionOptions, createSecureContext } from 'node:tls';
import { CommandError, codeOf, messageOf } from '../command-error.ts';
import type { TlsClient, TlsFile } from './tls.ts';

/**
 * Read the files of TLS.
 * @throws {CommandError} when one cannot be read or used
 */
export async function readTlsOptions(tls: TlsClient): Promise<ConnectionOptions> {
  const [ca, cert, key] = await Promise.all([
    tls.authorities && readPem(tls.authorities, 'CA certificate'),
    readPem(tls.certificate, 'client certificate'),
    readPem(tls.key, 'client key'),
  ]);
  const options = {
    ...(ca === undefined ? {} : { ca }),
    // One without the other is of no use, and as for Docker no reason to fail.
    ...(cert === undefined || key === undefined ? {} : { cert, key }),
    minVersion: 'TLSv1.2',
  } as const;
  try {
    createSecureContext(options);
  } catch (error) {
    const files = [tls.authorities, tls.certificate, tls.key].flatMap((file) =>
      file ? [`"${file.path}"`] : [],
    );
    throw new CommandError(`cannot use ${files.join(', ')} for TLS: ${messageOf(error)}`, { cause: error });
  }
  return { ...options, rejectUnauthorized: tls.authorities !== undefined };
}

async function readPem({ path, isRequired }: TlsFile, what: string): Promise<Buffer | undefined> {
  try {
    return await readFile(path);
  } catch (error) {
    if (codeOf(error) === 'ENOENT' && !isRequired) return undefined;
    throw new CommandError(`could not read ${what} "${path}": ${messageOf(error)}`, { cause: error });
  }
}
