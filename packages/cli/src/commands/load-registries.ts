/**
 * The host's configuration of registries for commands that reach registries themselves: the files that the daemon reads, and
 * the proxies of the environment.
 */
import { resolve } from 'node:path';
import type { RegistriesConfiguration } from '@outboard/oci';
import type { CommandContext } from './command-context.ts';
import type { RegistryFlags } from './registry-flags.ts';

/**
 * Read it.
 * @throws {OutboardError} invalid or system for a file that is wrong or cannot be read, in the words of the daemon
 */
export async function loadRegistries(
  { host }: Pick<CommandContext, 'host'>,
  { insecureRegistry, registriesDir, registriesConf, certsDir }: RegistryFlags,
): Promise<RegistriesConfiguration> {
  const { loadRegistriesConfiguration, proxiesOfEnvironment } = await import('@outboard/oci');
  const resolved = (path: string | undefined) => (path ? resolve(path) : path);
  return await loadRegistriesConfiguration({
    registriesDirectory: resolved(registriesDir),
    registriesConf: resolved(registriesConf),
    certificateDirectories: certsDir?.map((path) => resolve(path)),
    insecureRegistries: insecureRegistry,
    proxies: proxiesOfEnvironment(host.env),
  });
}
