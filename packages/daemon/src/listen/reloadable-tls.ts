/**
 * Loads the TLS files of the configuration, at the start and at every reload.
 */
import type { Logger } from 'pino';
import type { Configuration } from '../configuration/configuration.ts';
import type { ReloadablePart } from '../configuration/reload.ts';
import type { ApiServer } from './api-server.ts';
import type { TlsListening } from './listener.ts';
import type { TlsFiles, TlsIdentity } from './tls-identity.ts';

/**
 * Load certificate, key and client authorities.
 * @returns undefined without TLS
 * @throws {OutboardError} invalid if a file cannot be used
 */
export async function openTls(
  configuration: Configuration,
  logger: Logger,
): Promise<TlsListening | undefined> {
  if (!configuration.tls) return undefined;
  return { identity: await load(configuration, logger), verifyClients: configuration.tlsverify };
}

/** The part of the daemon that loads the files again at a reload, also if their paths did not change. */
export function reloadableTls(tls: TlsListening, server: ApiServer, logger: Logger): ReloadablePart {
  return {
    async prepare(next) {
      // `tlsverify` changes at the next start only, so that the files are checked for the value in force.
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
