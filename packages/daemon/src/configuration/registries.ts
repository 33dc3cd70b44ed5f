/**
 * The configuration of registries in force: from the settings, the files that they name, and the environment.
 */
import { resolve } from 'node:path';
import {
  loadRegistriesConfiguration,
  proxiesOfEnvironment,
  type RegistriesConfiguration,
} from '@outboard/oci';
import type { Logger } from 'pino';
import type { ReloadableConfiguration } from './configuration.ts';
import type { ReloadablePart } from './reload.ts';
import { parseTokenServer } from './token-server.ts';

/** Environment variables of the daemon. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** The configuration of registries, which a reload reads again. */
export interface Registries extends ReloadablePart {
  /** The one in force. */
  current(): RegistriesConfiguration;
}

/**
 * Read the configuration of registries.
 * @throws {OutboardError} invalid or system, with the file
 */
export async function loadRegistries(
  configuration: ReloadableConfiguration,
  env: Environment,
): Promise<RegistriesConfiguration> {
  const environment = proxiesOfEnvironment(env);
  const resolved = (path: string) => (path === '' ? '' : resolve(path));
  return await loadRegistriesConfiguration({
    registriesDirectory: resolved(configuration['registries-dir']),
    registriesConf: resolved(configuration['registries-conf']),
    certificateDirectories: configuration['certs-dirs'].map((path) => resolve(path)),
    insecureRegistries: configuration['insecure-registries'],
    registryMirrors: configuration['registry-mirrors'],
    tokenServers: configuration['token-servers'].map(parseTokenServer),
    proxies: {
      httpProxy: configuration['http-proxy'] ?? environment.httpProxy,
      httpsProxy: configuration['https-proxy'] ?? environment.httpsProxy,
      noProxy: configuration['no-proxy'] ?? environment.noProxy,
    },
  });
}

/** Read the configuration of registries, and keep the one in force. @throws as `loadRegistries` */
export async function openRegistries(
  configuration: ReloadableConfiguration,
  env: Environment,
  logger: Logger,
): Promise<Registries> {
  let inForce = await loadRegistries(configuration, env);
  report(inForce, logger);
  return {
    current: () => inForce,
    async prepare(next) {
      const prepared = await loadRegistries(next, env);
      return () => {
        inForce = prepared;
        report(prepared, logger);
      };
    },
  };
}

/** Settings of another program's files that have no effect here must not be looked for in vain. */
function report({ files, unapplied }: RegistriesConfiguration, logger: Logger): void {
  if (files.length > 0) logger.info({ files }, 'configuration of registries read');
  for (const setting of unapplied) logger.info(`not applied: ${setting}`);
}
