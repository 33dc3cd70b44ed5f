/** Secrets that are files: the secret "db-password" is the file of that name in the root. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PluginError, type SecretProvider } from '@outboard/sdk';

export function openDriver(root: string): SecretProvider {
  return {
    async getSecret({ secretName }) {
      // Names come from anyone who may create secrets: no name may leave the root.
      if (!/^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,63}$/.test(secretName)) {
        throw new PluginError(`invalid secret name "${secretName}"`);
      }
      try {
        return { value: await readFile(join(root, secretName)) };
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
        // Never write a value to the log.
        throw new PluginError(`cannot read the secret "${secretName}"`);
      }
    },
  };
}
