/**
 * Contexts of the docker command line: named daemons with their TLS files.
 * @see docker/cli cli/context/store/doc.go, cli/context/docker/load.go (28.x)
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { CommandError, codeOf, messageOf } from '../command-error.ts';
import type { CommandHost } from '../command-host.ts';
import { asText, field } from '../json-field.ts';
import type { TlsClient } from './tls.ts';

/** Name that means no context. */
export const defaultContext = 'default';

/** Address and TLS of a context's daemon. */
export interface DockerContext {
  /** Such as `tcp://node-1:2376`. */
  readonly host: string;
  /** Absent without TLS. */
  readonly tls?: TlsClient | undefined;
}

const contextName = /^[a-zA-Z0-9][a-zA-Z0-9_.+-]+$/;

/** Read a context. @throws {CommandError} if it does not exist or cannot be used */
export function readContext(name: string, env: CommandHost['env']): DockerContext {
  if (!contextName.test(name)) throw new CommandError(`invalid docker context "${name}"`);
  const directory = join(configDirectory(env), 'contexts');
  // Loaded for named contexts only: it takes longer than the rest of a command.
  const { createHash } = process.getBuiltinModule('node:crypto');
  const id = createHash('sha256').update(name).digest('hex');
  const path = join(directory, 'meta', id, 'meta.json');
  const document = readDocument(path);
  if (document === undefined) {
    throw new CommandError(
      `docker context "${name}" does not exist: there is no ${path} (docker context ls)`,
    );
  }
  const endpoint = field(field(document, 'Endpoints'), 'docker');
  const host = asText(field(endpoint, 'Host'));
  if (host === '') throw new CommandError(`docker context "${name}" has no host: see ${path}`);
  const tls = readTls(join(directory, 'tls', id, 'docker'), field(endpoint, 'SkipTLSVerify') === true);
  return { host, tls };
}

/** Names of all contexts; those that cannot be read are left out. */
export function listContexts(env: CommandHost['env']): readonly string[] {
  const directory = join(configDirectory(env), 'contexts', 'meta');
  try {
    const names = readdirSync(directory).map((id) =>
      asText(field(readDocument(join(directory, id, 'meta.json')), 'Name')),
    );
    return [defaultContext, ...names.filter((name) => contextName.test(name)).sort()];
  } catch {
    // None was ever made, or one is damaged; a list for completion does without.
    return [defaultContext];
  }
}

/**
 * The context that `docker context use` selected; undefined for none.
 * @throws {CommandError} if the file cannot be read: docker itself may use another daemon than the default then
 */
export function currentContext(env: CommandHost['env']): string | undefined {
  const path = join(configDirectory(env), 'config.json');
  try {
    const name = asText(field(readDocument(path), 'currentContext'));
    return name === '' || name === defaultContext ? undefined : name;
  } catch (error) {
    throw new CommandError(
      `${messageOf(error)}: it may select a docker context; name the daemon with --host`,
      {
        cause: error,
      },
    );
  }
}

/** TLS is used if a TLS file exists, or if the context skips verification. */
function readTls(directory: string, skipsVerification: boolean): TlsClient | undefined {
  const [authorities, certificate, key] = ['ca.pem', 'cert.pem', 'key.pem'].map((name) =>
    join(directory, name),
  );
  if (authorities === undefined || certificate === undefined || key === undefined) return undefined;
  const exists = [authorities, certificate, key].map((path) => existsSync(path));
  if (!exists.includes(true) && !skipsVerification) return undefined;
  return {
    verifies: !skipsVerification,
    ...(exists[0] && { authorities: { path: authorities, isRequired: true } }),
    certificate: { path: certificate, isRequired: false },
    key: { path: key, isRequired: false },
  };
}

function configDirectory(env: CommandHost['env']): string {
  return env.DOCKER_CONFIG || join(env.HOME || homedir(), '.docker');
}

/** @returns undefined if the file does not exist */
function readDocument(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(codeOf(error) ?? '')) return undefined;
    // The parser's message quotes the file, which may hold a secret.
    const reason = error instanceof SyntaxError ? 'it is not valid JSON' : messageOf(error);
    throw new CommandError(`cannot read "${path}": ${reason}`, { cause: error });
  }
}
