/**
 * The credential helper that docker uses on Linux when its configuration holds no credentials and names no helper.
 * @see docker/cli cli/config/credentials/default_store.go, default_store_linux.go (28.x)
 */
import { accessSync, constants } from 'node:fs';
import { join } from 'node:path';
import type { CommandHost } from '../command-host.ts';
import type { AuthFile } from './auth-file.ts';

/** The helper of one registry in a file. */
export interface ChosenHelper {
  readonly name: string;
  /** True when no configuration names it. */
  readonly isDetected: boolean;
}

/**
 * The helper for a registry: its own, else that of the file, else in docker's file without credentials the one of the
 * desktop or of `pass`, if it is installed.
 * @param keys of the registry in `credHelpers`
 */
export function chooseHelper(
  file: AuthFile,
  keys: readonly string[],
  env: CommandHost['env'],
): ChosenHelper | undefined {
  const named = keys.map((key) => file.credentialHelpers.get(key)).find((name) => name !== undefined);
  const name = named ?? file.credentialStore;
  if (name !== undefined) return { name, isDetected: false };
  if (file.format !== 'docker' || file.auths.size > 0 || file.credentialHelpers.size > 0) return undefined;
  const usual = isInstalled('pass', env) ? 'pass' : 'secretservice';
  return isInstalled(`docker-credential-${usual}`, env) ? { name: usual, isDetected: true } : undefined;
}

function isInstalled(program: string, env: CommandHost['env']): boolean {
  return (env.PATH ?? '').split(':').some((directory) => {
    if (directory === '') return false;
    try {
      accessSync(join(directory, program), constants.X_OK);
      return true;
    } catch {
      // Not there, or not for this user: another directory may have it.
      return false;
    }
  });
}
