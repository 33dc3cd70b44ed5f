/**
 * Reads the configuration of registries from the files of an operator: our own, and Podman's.
 */
import { isOutboardError, OutboardError } from '../../errors/outboard-error.ts';
import { readHostCertificates } from '../http/hosts/host-certificates.ts';
import { checkAuthFile } from './auth-file.ts';
import {
  type ConfigurationFile,
  type FileContent,
  readConfigurationDirectory,
  readConfigurationFile,
} from './configuration-file.ts';
import { parseRegistriesConf } from './parse-registries-conf.ts';
import { parseRegistriesFile } from './parse-registries-file.ts';
import {
  createRegistriesConfiguration,
  type RegistriesConfiguration,
  type RegistriesSettings,
} from './registries-configuration.ts';
import type { RegistryRule } from './registry-rule.ts';

/** Places of the files, and settings beside them. */
export interface LoadRegistriesOptions extends Omit<RegistriesSettings, 'rules' | 'files' | 'unapplied'> {
  /** Directory of `*.json`, in our own form; '' for none; default `/etc/outboard/registries.d`. */
  readonly registriesDirectory?: string | undefined;
  /**
   * File in Podman's form, to which the files `*.conf` of the directory with `.d` at its end belong; '' for none; default
   * `/etc/containers/registries.conf`.
   */
  readonly registriesConf?: string | undefined;
}

/**
 * Read all files. Those that are missing are left out. Our own entries add to Podman's for the same prefix.
 * @throws {OutboardError} invalid or system for a file that is wrong or cannot be read
 */
export async function loadRegistriesConfiguration(
  options: LoadRegistriesOptions = {},
): Promise<RegistriesConfiguration> {
  const {
    registriesDirectory = '/etc/outboard/registries.d',
    registriesConf = '/etc/containers/registries.conf',
    ...settings
  } = options;
  const podman = registriesConf === '' ? [] : await readPodmanFiles(registriesConf);
  const own =
    registriesDirectory === '' ? [] : await readConfigurationDirectory(registriesDirectory, '.json');
  const ofPodman = await Promise.all(podman.map(parseRegistriesConf));
  const ofOwn = own.map(parseRegistriesFile);
  const contents: readonly FileContent<RegistryRule>[] = [...ofPodman, ...ofOwn];
  const rules = [...lastOfEach(ofPodman), ...ofOwn.flatMap((content) => content.rules)];
  await checkFiles(rules);
  return createRegistriesConfiguration({
    ...settings,
    rules,
    files: [...podman, ...own].map(({ path }) => path),
    unapplied: contents.flatMap((content) => content.unapplied),
  });
}

async function readPodmanFiles(path: string): Promise<readonly ConfigurationFile[]> {
  const file = await readConfigurationFile(path);
  const added = await readConfigurationDirectory(`${path}.d`, '.conf');
  return [...(file === undefined ? [] : [file]), ...added];
}

/** In Podman an entry replaces an earlier one for the same prefix wholly. */
function lastOfEach(contents: readonly FileContent<RegistryRule>[]): Iterable<RegistryRule> {
  const rules = contents.flatMap((content) => content.rules);
  return new Map(rules.map((rule) => [rule.prefix, rule])).values();
}

/** Certificates and credentials are read when a host is connected to; a wrong file is reported at once. */
async function checkFiles(rules: readonly RegistryRule[]): Promise<void> {
  for (const rule of rules) {
    try {
      await readHostCertificates([], [], rule);
      if (rule.authFile !== undefined) await checkAuthFile(rule.authFile, rule.prefix).catch(allowUnreadable);
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new OutboardError('invalid', `entry "${rule.prefix}" in ${rule.source}: ${reason}`, { cause });
    }
  }
}

/** Commands of users pull from a mirror without credentials that only root can read. */
function allowUnreadable(error: unknown): void {
  if (!isOutboardError(error, 'system')) throw error;
}
