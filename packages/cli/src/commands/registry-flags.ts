/**
 * The flags of commands that reach registries themselves, without a daemon.
 */
import type { Option } from 'commander';
import { type AuthFileFlag, authFileOption } from './auth-file-flag.ts';
import { option, repeatableOption } from './command-row.ts';

/** Values of the flags; the files are those that the daemon's settings of these names are about. */
export interface RegistryFlags extends AuthFileFlag {
  readonly insecureRegistry?: readonly string[] | undefined;
  /** Directory of files in our own form; '' for none. */
  readonly registriesDir?: string | undefined;
  /** File in Podman's form; '' for none. */
  readonly registriesConf?: string | undefined;
  /** Directories of certificates. */
  readonly certsDir?: readonly string[] | undefined;
}

/** The options `--insecure-registry`, `--registries-dir`, `--registries-conf`, `--certs-dir` and `--authfile`. */
export function registryOptions(): readonly Option[] {
  return [
    repeatableOption(
      '--insecure-registry <host>',
      'registry with plain HTTP or any certificate; may be repeated',
    ),
    option(
      '--registries-dir <directory>',
      'files with mirrors, blocked hosts and certificates (default: /etc/outboard/registries.d)',
    ),
    option(
      '--registries-conf <file>',
      'the same in the form of Podman (default: /etc/containers/registries.conf)',
    ),
    repeatableOption(
      '--certs-dir <directory>',
      'certificates for registries, as HOST[:PORT]/*.crt; may be repeated (default: as the daemon)',
    ),
    authFileOption(),
  ];
}
