/**
 * The X-Registry-Auth header: credentials for a registry, which the daemon passes on.
 * @see Docker Engine API v1.51, "Authentication"
 */
import { messageOf } from '../command-error.ts';
import type { CommandHost } from '../command-host.ts';
import { escapeText } from '../terminal/escape-text.ts';
import { namedAuthFile } from './auth-places.ts';
import type { Credentials } from './credentials.ts';
import { describeFound, findCredentials } from './find-credentials.ts';
import { loginCommand, type RegistryName, serverAddress } from './registry-name.ts';

/** The value of the header. @returns base64url with padding, the only form that Docker 20.10 accepts */
export function encodeRegistryAuth(credentials: Credentials | undefined, address: string): string {
  const document = credentials === undefined ? {} : authConfig(credentials, address);
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
  /** The X-Registry-Auth header. */
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
  { host, signal, authFile }: RegistryAuthOptions,
): Promise<RegistryAuth> {
  const address = serverAddress(name.domain);
  const warn = (text: string): void => void host.stderr.write(`warning: ${escapeText(text)}\n`);
  const command = loginCommand(name, namedAuthFile({ env: {}, authFile }));
  try {
    const found = await findCredentials(name, { env: host.env, authFile, signal });
    for (const warning of found.warnings) warn(warning);
    const note = `${describeFound(found, name)}; to log in, type: ${command}`;
    return { header: encodeRegistryAuth(found.credentials, address), note };
  } catch (error) {
    signal.throwIfAborted();
    const reason = messageOf(error);
    warn(`no credentials for ${name.domain}: ${reason}`);
    return {
      header: encodeRegistryAuth(undefined, address),
      note: `no credentials were sent: they could not be read: ${reason}`,
    };
  }
}
