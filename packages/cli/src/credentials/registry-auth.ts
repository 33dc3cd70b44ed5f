/**
 * The headers X-Registry-Auth and X-Registry-Config: credentials for registries, which the daemon passes on.
 * @see Docker Engine API v1.51, "Authentication"
 */
import { messageOf } from '../command-error.ts';
import type { CommandHost } from '../command-host.ts';
import { escapeText } from '../terminal/escape-text.ts';
import { namedAuthFile } from './auth-places.ts';
import type { Credentials } from './credentials.ts';
import { describeFound, findCredentials } from './find-credentials.ts';
import { formatRegistryName, loginCommand, type RegistryName, serverAddress } from './registry-name.ts';

/** The value of the header. @returns base64url with padding, the only form that Docker 20.10 accepts */
export function encodeRegistryAuth(credentials: Credentials | undefined, address: string): string {
  return encodeHeader(credentials === undefined ? {} : authConfig(credentials, address));
}

function encodeHeader(document: object): string {
  const base64 = Buffer.from(JSON.stringify(document)).toString('base64');
  return base64.replaceAll('+', '-').replaceAll('/', '_');
}

/** Docker's `AuthConfig`, of the header and of the request of a login. */
export function authConfig(credentials: Credentials, address: string): object {
  return 'identityToken' in credentials
    ? { identitytoken: credentials.identityToken, serveraddress: address }
    : { ...credentials, serveraddress: address };
}

/** Credentials for a registry, as the daemon takes them. */
export interface RegistryAuth {
  /** Value of the header X-Registry-Auth, or X-Registry-Config for several registries. */
  readonly header: string;
  /** Source of the credentials and the command that stores others, for the message of a refusal. */
  readonly note: string;
}

/** Environment, the file that a flag names, streams and cancellation. */
export interface RegistryAuthOptions {
  readonly host: Pick<CommandHost, 'env' | 'stderr'>;
  readonly signal: AbortSignal;
  /** Value of `--authfile`. */
  readonly authFile?: string | undefined;
}

/**
 * The credentials for a repository, from the user's files and helpers. Most plugins are public, so a failure is only a
 * warning, and the request has no credentials.
 */
export async function registryAuthFor(
  name: RegistryName,
  options: RegistryAuthOptions,
): Promise<RegistryAuth> {
  const { credentials, note } = await findOrWarn(name, options);
  return { header: encodeRegistryAuth(credentials, serverAddress(name.domain)), note };
}

/**
 * The credentials for several repositories, as `registryAuthFor` finds them.
 * @returns the X-Registry-Config header, by repository, and the notes of all
 */
export async function registryConfigFor(
  names: readonly RegistryName[],
  options: RegistryAuthOptions,
): Promise<RegistryAuth> {
  const configs = new Map<string, object>();
  const notes = new Set<string>();
  for (const name of names) {
    const key = formatRegistryName(name);
    if (configs.has(key)) continue;
    const { credentials, note } = await findOrWarn(name, options);
    configs.set(key, credentials === undefined ? {} : authConfig(credentials, serverAddress(name.domain)));
    notes.add(note);
  }
  return { header: encodeHeader(Object.fromEntries(configs)), note: [...notes].join('; ') };
}

async function findOrWarn(
  name: RegistryName,
  { host, signal, authFile }: RegistryAuthOptions,
): Promise<{ readonly credentials: Credentials | undefined; readonly note: string }> {
  const warn = (text: string): void => void host.stderr.write(`warning: ${escapeText(text)}\n`);
  const command = loginCommand(name, namedAuthFile({ env: {}, authFile }));
  try {
    const found = await findCredentials(name, { env: host.env, authFile, signal });
    for (const warning of found.warnings) warn(warning);
    const note = `${describeFound(found, name)}; to log in, type: ${command}`;
    return { credentials: found.credentials, note };
  } catch (error) {
    signal.throwIfAborted();
    const reason = messageOf(error);
    warn(`no credentials for ${name.domain}: ${reason}`);
    return {
      credentials: undefined,
      note: `no credentials were sent: they could not be read: ${reason}`,
    };
  }
}
