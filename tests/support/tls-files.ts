/**
 * TLS files on disk under Docker's names: those of a daemon, and a directory for each client.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type CertificateOptions,
  createAuthority,
  type TestAuthority,
  type TestCertificate,
} from '@outboard/oci/testing';

/** Names in the daemon's certificate. */
export const daemonNames = ['localhost', '127.0.0.1', 'plugins.example.com', '*.hosts.example.com'] as const;

/** The files of a daemon and of its clients. */
export interface TlsFiles {
  /** The authority of the daemon and its clients. */
  readonly authority: TestAuthority;
  /** Flags of `outboard daemon`, with a TCP host on a free port. */
  readonly args: readonly string[];
  readonly paths: { readonly ca: string; readonly cert: string; readonly key: string };
  /** Write another certificate and key for the daemon. */
  writeDaemon(identity: TestCertificate): Promise<void>;
  /** Write `ca.pem`, `cert.pem` and `key.pem` of a client. @returns their directory, for DOCKER_CERT_PATH */
  writeClient(name: string, ca: string, identity?: TestCertificate): Promise<string>;
}

/** Write the files of a daemon into `<home>/tls`. */
export async function writeTlsFiles(home: string): Promise<TlsFiles> {
  const directory = join(home, 'tls');
  const paths = {
    ca: join(directory, 'ca.pem'),
    cert: join(directory, 'cert.pem'),
    key: join(directory, 'key.pem'),
  };
  const authority = createAuthority('outboard test authority');
  await mkdir(directory, { recursive: true });
  await writeFile(paths.ca, authority.certificate);
  const writeDaemon = async ({ certificate, key }: TestCertificate) => {
    await writeFile(paths.cert, certificate);
    await writeFile(paths.key, key, { mode: 0o600 });
  };
  await writeDaemon(authority.issue(daemonCertificate));
  return {
    authority,
    paths,
    args: [
      ...['--host', 'tcp://127.0.0.1:0', '--tlsverify'],
      ...['--tlscacert', paths.ca, '--tlscert', paths.cert, '--tlskey', paths.key],
    ],
    writeDaemon,
    async writeClient(name, ca, identity) {
      const own = join(directory, name);
      await mkdir(own);
      await writeFile(join(own, 'ca.pem'), ca);
      if (identity !== undefined) {
        await writeFile(join(own, 'cert.pem'), identity.certificate);
        await writeFile(join(own, 'key.pem'), identity.key, { mode: 0o600 });
      }
      return own;
    },
  };
}

/** Content of the daemon's certificate. */
export const daemonCertificate: CertificateOptions = {
  commonName: 'daemon',
  names: daemonNames,
  usage: 'server',
};

/** The port of the TCP host in the ready line of a daemon. */
export function tcpPort(readyLine: string): number {
  const port = /tcp:\/\/[^ ,]+:(\d+)/.exec(readyLine)?.[1];
  if (port === undefined) throw new Error(`the daemon listens on no TCP port: ${readyLine}`);
  return Number(port);
}
