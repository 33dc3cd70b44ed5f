/**
 * Secrets in files: `NAME` for all services, `SERVICE/NAME` for one, which goes first.
 */
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import type { SecretProvider, SecretRequest, SecretValue } from '@outboard/sdk';

/** Upper bound of a file in bytes, as in the engine. */
const maxBytes = 500 * 1024;
/** Keeps `..`, `/` and hidden files out of paths. */
const namePattern = /^[a-zA-Z0-9_-][a-zA-Z0-9_.-]{0,127}$/;

/** Provides the secrets below one directory. */
export class SecretFiles implements SecretProvider {
  readonly #directory: string;

  /** @param directory absolute path */
  constructor(directory: string) {
    this.#directory = directory;
  }

  async getSecret({ secretName, serviceName }: SecretRequest): Promise<SecretValue | undefined> {
    if (!namePattern.test(secretName)) return undefined;
    const own = namePattern.test(serviceName)
      ? await readSecret(join(this.#directory, serviceName, secretName))
      : undefined;
    // A secret of one service is asked for again for each task: another service may have its own.
    if (own !== undefined) return { value: own, isForTaskOnly: true };
    const common = await readSecret(join(this.#directory, secretName));
    return common === undefined ? undefined : { value: common };
  }
}

/** The content of a file; undefined if there is none. Errors name the file, never its content. */
async function readSecret(path: string): Promise<Uint8Array | undefined> {
  // No link: it could lead to another file of the plugin.
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK).catch(
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined;
      throw error;
    },
  );
  if (file === undefined) return undefined;
  try {
    const found = await file.stat();
    if (!found.isFile()) return undefined;
    if (found.size > maxBytes) throw new Error(`the secret in "${path}" exceeds ${maxBytes} bytes`);
    return await file.readFile();
  } finally {
    await file.close();
  }
}
