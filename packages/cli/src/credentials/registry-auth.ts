/**
 * The X-Registry-Auth header: credentials for a registry, which the daemon passes on.
 * @see Docker Engine API v1.51, "Authentication"
 */
import { messageOf } from '../command-error.ts';
import type { CommandHost } from '../host.ts';
import { escapeText } from '../terminal/escape-text.ts';
import type { Credentials } from './credentials.ts';
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

/**
 * The header for a registry, from the user's Docker configuration. Most plugins are public, so what goes wrong on the
 * way is a warning, and the daemon is asked without credentials.
 */
export async function registryAuthFor(
  domain: string,
  host: CommandHost,
  signal: AbortSignal,
): Promise<string> {
  let credentials: Credentials | undefined;
  try {
    credentials = await findCredentials(domain, { env: host.env, signal });
  } catch (error) {
    signal.throwIfAborted();
    host.stderr.write(`warning: no credentials for ${escapeText(domain)}: ${escapeText(messageOf(error))}\n`);
  }
  return encodeRegistryAuth(credentials, domain === 'docker.io' ? 'https://index.docker.io/v1/' : domain);
}
