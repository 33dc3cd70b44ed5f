/**
 * The route of `docker login`.
 * @see Docker Engine API v1.51, SystemAuth
 */
import type { Credentials } from '../credentials/credentials.ts';
import { authConfig } from '../credentials/registry-auth.ts';
import { asText, field } from '../json-field.ts';
import type { EngineClient } from './engine-client.ts';

/**
 * Let the daemon try credentials at a registry, with its rules for TLS and insecure registries.
 * @param address as Docker writes it
 * @returns the identity token that replaces the password; empty for none
 * @throws {DaemonError} with status 401 if the registry refuses them
 */
export async function tryLogin(
  client: EngineClient,
  credentials: Credentials,
  address: string,
): Promise<string> {
  const json = authConfig(credentials, address);
  return asText(field(await client.call({ method: 'POST', path: '/auth', json }), 'IdentityToken'));
}
