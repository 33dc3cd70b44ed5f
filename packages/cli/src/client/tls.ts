/**
 * Whether to speak TLS with the daemon, and with which files: Docker's flags and environment.
 * @see docker/cli cli/flags/options.go, SetDefaultOptions (28.x)
 */
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { CommandHost } from '../command-host.ts';

/** What the command line says. */
export interface TlsFlags {
  readonly tls?: boolean;
  readonly tlsverify?: boolean;
  readonly tlscacert?: string;
  readonly tlscert?: string;
  readonly tlskey?: string;
}

/** A file, and whether it must be there because someone named it. */
export interface TlsFile {
  readonly path: string;
  readonly isRequired: boolean;
}

/** How to speak TLS. */
export interface TlsClient {
  /** Whether the daemon has to prove who it is. */
  readonly verifies: boolean;
  /** The authorities that may vouch for the daemon; absent: those that Node.js trusts. */
  readonly authorities?: TlsFile;
  readonly certificate: TlsFile;
  readonly key: TlsFile;
}

/**
 * Flags come before DOCKER_TLS_VERIFY, DOCKER_TLS and DOCKER_CERT_PATH; files are those of `docker` unless named.
 * @returns undefined when TLS is not wanted
 */
export function findTls(flags: TlsFlags, env: CommandHost['env']): TlsClient | undefined {
  const verifies = flags.tlsverify === true || Boolean(env.DOCKER_TLS_VERIFY);
  if (!verifies && flags.tls !== true && !env.DOCKER_TLS) return undefined;
  const folder = env.DOCKER_CERT_PATH || env.DOCKER_CONFIG || join(env.HOME || homedir(), '.docker');
  const file = (named: string | undefined, usual: string): TlsFile => ({
    path: named ?? join(folder, usual),
    isRequired: named !== undefined,
  });
  return {
    verifies,
    ...(verifies ? { authorities: { ...file(flags.tlscacert, 'ca.pem'), isRequired: true } } : {}),
    certificate: file(flags.tlscert, 'cert.pem'),
    key: file(flags.tlskey, 'key.pem'),
  };
}
