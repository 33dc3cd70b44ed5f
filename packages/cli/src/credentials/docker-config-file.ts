/**
 * Docker's configuration file of the user, as far as it tells where credentials are.
 * @see docker/cli cli/config/configfile/file.go (28.x)
 */
import { readFile, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { CommandError, codeOf } from '../command-error.ts';
import type { CommandHost } from '../command-host.ts';
import { field } from '../json-field.ts';

/** Where credentials are, and those in the file itself. */
export interface DockerConfigFile {
  /** Path it was read from. */
  readonly path: string;
  /** Registry to what the file holds for it; not parsed yet. */
  readonly auths: ReadonlyMap<string, unknown>;
  /** Registry to the name of a credential helper. */
  readonly credentialHelpers: ReadonlyMap<string, string>;
  /** Name of the credential helper for all others. */
  readonly credentialStore?: string;
}

const maxBytes = 8 * 1024 * 1024;

/**
 * Read `$DOCKER_CONFIG/config.json`, by default `~/.docker/config.json`. A file that is not there is an empty one.
 * @throws {CommandError} if it cannot be read or is not JSON
 */
export async function readDockerConfigFile(env: CommandHost['env']): Promise<DockerConfigFile> {
  const path = join(env.DOCKER_CONFIG || join(env.HOME || homedir(), '.docker'), 'config.json');
  const document = await readDocument(path);
  const store = field(document, 'credsStore');
  return {
    path,
    auths: new Map(entriesOf(field(document, 'auths'))),
    credentialHelpers: new Map(
      entriesOf(field(document, 'credHelpers')).filter((entry): entry is [string, string] => {
        return typeof entry[1] === 'string';
      }),
    ),
    ...(typeof store === 'string' && store !== '' ? { credentialStore: store } : {}),
  };
}

async function readDocument(path: string): Promise<unknown> {
  let text: string;
  try {
    const { size } = await stat(path);
    if (size > maxBytes) throw new CommandError(`"${path}" is larger than ${maxBytes} bytes`);
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return {};
    throw error;
  }
  try {
    return JSON.parse(text);
  } catch {
    // The parser's own text quotes the file, and with it a secret.
    throw new CommandError(`"${path}" is not valid JSON`);
  }
}

function entriesOf(value: unknown): [string, unknown][] {
  return typeof value === 'object' && value !== null ? Object.entries(value) : [];
}
