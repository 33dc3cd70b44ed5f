/**
 * Contexts of the docker command line: named daemons, with the files of TLS for each.
 * @see docker/cli cli/context/store/doc.go, cli/context/docker/load.go (28.x)
 */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { CommandError, codeOf, messageOf } from '../command-error.ts';
import type { CommandHost } from '../command-host.ts';
import { asText, field } from '../json-field.ts';
import type { TlsClient } from './tls.ts';

/** Stands for no context at all. */
export const defaultContext = 'default';

/** What a context says about its daemon. */
export interface DockerContext {
  /** Such as `tcp://node-1:2376`. */
  readonly host: string;
  /** Absent: plain. */
  readonly tls?: TlsClient;
}

const contextName = /^[a-zA-Z0-9][a-zA-Z0-9_.+-]+$/;

/** @throws {CommandError} if there is no such context, or it cannot be used */
export function readContext(name: string, env: CommandHost['env']): DockerContext {
  if (!contextName.test(name)) throw new CommandError(`invalid docker context "${name}"`);
  const folder = join(dockerFolder(env), 'contexts');
  const id = createHash('sha256').update(name).digest('hex');
  const path = join(folder, 'meta', id, 'meta.json');
  const document = readDocument(path);
  if (document === undefined) {
    throw new CommandError(
      `docker context "${name}" does not exist: there is no ${path} (docker context ls)`,
    );
  }
  const endpoint = field(field(document, 'Endpoints'), 'docker');
  const host = asText(field(endpoint, 'Host'));
  if (host === '') throw new CommandError(`docker context "${name}" names no daemon: see ${path}`);
  const tls = readTls(join(folder, 'tls', id, 'docker'), field(endpoint, 'SkipTLSVerify') === true);
  return { host, ...(tls !== undefined && { tls }) };
}

/** The context that `docker context use` chose; undefined for none, or when that cannot be read. */
export function currentContext(env: CommandHost['env']): string | undefined {
  try {
    const name = asText(field(readDocument(join(dockerFolder(env), 'config.json')), 'currentContext'));
    return name === '' || name === defaultContext ? undefined : name;
  } catch {
    // It is only mentioned, never followed; what needs this file reports what is wrong with it.
    return undefined;
  }
}

/** TLS is spoken when there are files for it, or it was said that the daemon need not prove itself. */
function readTls(folder: string, skipsVerification: boolean): TlsClient | undefined {
  const [authorities, certificate, key] = ['ca.pem', 'cert.pem', 'key.pem'].map((name) => join(folder, name));
  if (authorities === undefined || certificate === undefined || key === undefined) return undefined;
  const there = [authorities, certificate, key].map((path) => existsSync(path));
  if (!there.includes(true) && !skipsVerification) return undefined;
  return {
    verifies: !skipsVerification,
    ...(there[0] && { authorities: { path: authorities, isRequired: true } }),
    certificate: { path: certificate, isRequired: false },
    key: { path: key, isRequired: false },
  };
}

function dockerFolder(env: CommandHost['env']): string {
  return env.DOCKER_CONFIG || join(env.HOME || homedir(), '.docker');
}

/** @returns undefined if the file does not exist */
function readDocument(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    // The parser's own text quotes the file, which may hold a secret.
    const reason = error instanceof SyntaxError ? 'it is not valid JSON' : messageOf(error);
    throw new CommandError(`cannot read "${path}": ${reason}`, { cause: error });
  }
}
