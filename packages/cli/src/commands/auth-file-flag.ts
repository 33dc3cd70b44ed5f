/**
 * The flag of commands that reach a registry: which file has the credentials.
 */
import type { Option } from 'commander';
import { option } from './command-row.ts';

/** Value of the flag. */
export interface AuthFileFlag {
  /** Path; default REGISTRY_AUTH_FILE, else the files of docker and Podman. */
  readonly authfile?: string | undefined;
}

/** The option `--authfile`. */
export function authFileOption(): Option {
  return option(
    '--authfile <file>',
    'file with the credentials of registries (default: those of docker and Podman)',
  );
}
