/**
 * The credential settings in the user's Docker configuration file.
 * @see docker/cli cli/config/configfile/file.go (28.x)
 */
import { readFile, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { CommandError, codeOf } from '../command-error.ts';
import type { CommandHost } from '../command-host.ts';
import { field } from '../json-field.ts';

/** Credential settings of the file. */
export interface DockerConfigFile {
  /** Path of the file. */
  readonly path: string;
  /** Unparsed entries by registry. */
  readonly auths: ReadonlyMap<string, unknown>;
  /** Names of credential helpers by registry. */
  readonly credentialHelpers: ReadonlyMap<string, string>;
  /** Name of the credential helper for all other registries. */
  readonly credentialStore: string | undefined;
}

const maxBytes = 8 * 1024 * 1024;

/**
 * Read `$DOCKER_CONFIG/config.json`, by default `~/.docker/config.json`. A missing file counts as empty.
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
    credentialStore: typeof store === 'string' && store !== '' ? store : undefined,
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
    // The parser's message quotes the file, which holds secrets.
    throw new CommandError(`"${path}" is not valid JSON`);
  }
}

function entriesOf(value: unknown): [string, unknown][] {
  return typeof value === 'object' && value !== null ? Object.entries(value) : [];
}
