/**
 * TLS towards the daemon: Docker's flags, environment and files.
 * @see docker/cli cli/flags/options.go, SetDefaultOptions (28.x)
 */
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { CommandHost } from '../command-host.ts';

/** TLS flags of the command line. */
export interface TlsFlags {
  readonly tls?: boolean | undefined;
  readonly tlsverify?: boolean | undefined;
  readonly tlscacert?: string | undefined;
  readonly tlscert?: string | undefined;
  readonly tlskey?: string | undefined;
}

/** A file of TLS. */
export interface TlsFile {
  readonly path: string;
  /** A missing file is an error. */
  readonly isRequired: boolean;
}

/** Verification and files of a TLS client. */
export interface TlsClient {
  /** The daemon's certificate is verified. */
  readonly verifies: boolean;
  /** CA certificates to trust; absent for those of Node.js. */
  readonly authorities?: TlsFile;
  readonly certificate: TlsFile;
  readonly key: TlsFile;
}

/**
 * The TLS client from flags, else from DOCKER_TLS_VERIFY, DOCKER_TLS and DOCKER_CERT_PATH. Files default to Docker's.
 * @returns undefined when TLS is not requested
 */
export function findTls(flags: TlsFlags, env: CommandHost['env']): TlsClient | undefined {
  const verifies = flags.tlsverify === true || Boolean(env.DOCKER_TLS_VERIFY);
  if (!verifies && flags.tls !== true && !env.DOCKER_TLS) return undefined;
  const directory = env.DOCKER_CERT_PATH || env.DOCKER_CONFIG || join(env.HOME || homedir(), '.docker');
  const file = (named: string | undefined, usual: string): TlsFile => ({
    path: named ?? join(directory, usual),
    isRequired: named !== undefined,
  });
  return {
    verifies,
    ...(verifies ? { authorities: { ...file(flags.tlscacert, 'ca.pem'), isRequired: true } } : {}),
    certificate: file(flags.tlscert, 'cert.pem'),
    key: file(flags.tlskey, 'key.pem'),
  };
}
