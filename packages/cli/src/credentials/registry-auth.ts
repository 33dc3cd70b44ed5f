/**
 * The X-Registry-Auth header: credentials for a registry, which the daemon passes on.
 * @see Docker Engine API v1.51, "Authentication"
 */
import { messageOf } from '../command-error.ts';
import type { CommandHost } from '../command-host.ts';
import { escapeText } from '../terminal/escape-text.ts';
import type { Credentials, FoundCredentials } from './credentials.ts';
import { findCredentials } from './find-credentials.ts';

/** @returns base64url with padding: Docker 20.10 takes no other form */
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

/** What is said to a registry about who asks. */
export interface RegistryAuth {
  /** The X-Registry-Auth header. */
  readonly header: string;
  /** Whose credentials are in it and where they are from, or where there are none: a sentence for a refusal. */
  readonly told: string;
}

/**
 * The header for a registry, from the user's Docker configuration. Most plugins are public, so what goes wrong on the
 * way is a warning, and the daemon is asked without credentials.
 */
export async function registryAuthFor(
  domain: string,
  host: CommandHost,
  signal: AbortSignal,
): Promise<RegistryAuth> {
  const serverAddress = domain === 'docker.io' ? 'https://index.docker.io/v1/' : domain;
  try {
    const found = await findCredentials(domain, { env: host.env, signal });
    return { header: encodeRegistryAuth(found.credentials, serverAddress), told: tell(found, domain) };
  } catch (error) {
    signal.throwIfAborted();
    host.stderr.write(`warning: no credentials for ${escapeText(domain)}: ${escapeText(messageOf(error))}\n`);
    return {
      header: encodeRegistryAuth(undefined, serverAddress),
      told: `no credentials were sent: they could not be read: ${messageOf(error)}`,
    };
  }
}

function tell({ credentials, source }: FoundCredentials, domain: string): string {
  if (credentials === undefined) return `no credentials were sent: ${source} has none for ${domain}`;
  const whose = 'identityToken' in credentials ? 'an identity token' : `user "${credentials.username}"`;
  return `the credentials sent were those of ${whose}, from ${source}`;
}
