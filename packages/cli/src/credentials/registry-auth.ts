/**
 * The X-Registry-Auth header: credentials for a registry, which the daemon passes on.
 * @see Docker Engine API v1.51, "Authentication"
 */
import { messageOf } from '../command-error.ts';
import type { CommandHost } from '../command-host.ts';
import { escapeText } from '../terminal/escape-text.ts';
import type { Credentials, FoundCredentials } from './credentials.ts';
import { findCredentials } from './find-credentials.ts';

/** The value of the header. @returns base64url with padding, the only form that Docker 20.10 accepts */
export function encodeRegistryAuth(credentials: Credentials | undefined, serverAddress: string): string {
  const document =
    credentials === undefined
      ? {}
      : 'identityToken' in credentials
        ? { identitytoken: credentials.identityToken, serveraddress: serverAddress }
        : { ...credentials, serveraddress: serverAddress };
  const base64 = Buffer.from(JSON.stringify(document)).toString('base64');
  return base64.replaceAll('+', '-').replaceAll('/', '_');
}

/** Credentials for a registry, as the daemon takes them. */
export interface RegistryAuth {
  /** The X-Registry-Auth header. */
  readonly header: string;
  /** Source of the credentials, for the message of a refusal. */
  readonly note: string;
}

/**
 * The credentials for a registry, from the user's Docker configuration. Most plugins are public, so a failure is only a
 * warning, and the request has no credentials.
 */
export async function registryAuthFor(
  domain: string,
  host: CommandHost,
  signal: AbortSignal,
): Promise<RegistryAuth> {
  const serverAddress = domain === 'docker.io' ? 'https://index.docker.io/v1/' : domain;
  try {
    const found = await findCredentials(domain, { env: host.env, signal });
    return { header: encodeRegistryAuth(found.credentials, serverAddress), note: describe(found, domain) };
  } catch (error) {
    signal.throwIfAborted();
    host.stderr.write(`warning: no credentials for ${escapeText(domain)}: ${escapeText(messageOf(error))}\n`);
    return {
      header: encodeRegistryAuth(undefined, serverAddress),
      note: `no credentials were sent: they could not be read: ${messageOf(error)}`,
    };
  }
}

function describe({ credentials, source }: FoundCredentials, domain: string): string {
  if (credentials === undefined) return `no credentials were sent: ${source} has none for ${domain}`;
  const owner = 'identityToken' in credentials ? 'an identity token' : `user "${credentials.username}"`;
  return `the credentials sent were those of ${owner}, from ${source}`;
}
