/**
 * TLS as a part of the daemon: set up from the configuration, and again when that is reloaded.
 */
import type { Logger } from 'pino';
import type { Configuration } from '../configuration/configuration.ts';
import type { ReloadablePart } from '../configuration/reload.ts';
import type { ApiServer } from './api-server.ts';
import type { TlsListening } from './listener.ts';
import type { TlsFiles, TlsIdentity } from './tls-identity.ts';

/**
 * Read what TCP is to be served with.
 * @returns undefined when TLS is not configured
 * @throws {OutboardError} invalid when a file cannot be used
 */
export async function openTls(
  configuration: Configuration,
  logger: Logger,
): Promise<TlsListening | undefined> {
  if (!configuration.tls) return undefined;
  return { identity: await load(configuration, logger), verifyClients: configuration.tlsverify };
}

/** Reads the files again, whether or not their paths changed. */
export function reloadableTls(tls: TlsListening, server: ApiServer, logger: Logger): ReloadablePart {
  return {
    async prepare(next) {
      // Whether clients are verified is for the next start to change, so the files are read for what is in force.
      const identity = await load({ ...next, tlsverify: tls.verifyClients }, logger);
      return () => server.useIdentity(identity);
    },
  };
}

async function load(files: TlsFiles, logger: Logger): Promise<TlsIdentity> {
  const { loadTlsIdentity } = await import('./tls-identity.ts');
  const identity = await loadTlsIdentity(files);
  for (const warning of identity.warnings) logger.warn(warning);
  return identity;
}
