/**
 * The addition to the error of a refused request: which credentials were refused, by which server, and the command that
 * stores others.
 */

import type { RegistryCredentials } from '../../registry-client.ts';
import { quoteForeignText } from '../failures/registry-error.ts';

/** A refusal. */
export interface RefusedAccess {
  /** Host and port of the registry. */
  readonly registry: string;
  /** The server that refused; default: the registry. */
  readonly by?: 'registry' | 'token server' | undefined;
  readonly status: number;
  /** The credentials that were sent; undefined for none. */
  readonly credentials: RegistryCredentials | undefined;
}

/**
 * Describe the credentials of a refused request, without the secret.
 * @returns empty for a status that is not about access
 */
export function accessHint({ registry, by = 'registry', status, credentials }: RefusedAccess): string {
  const who = `${by === 'registry' ? '' : 'the token server of '}registry "${registry}"`;
  if (status !== 401 && status !== 403) return by === 'registry' ? '' : `${who} refused`;
  // `docker login` without a name means Docker Hub.
  const logIn = registry === 'registry-1.docker.io' ? 'docker login' : `docker login ${registry}`;
  if (credentials?.registryToken) return `${who} refused the registry token that was sent`;
  const user = credentials?.username ? `user "${quoteForeignText(credentials.username)}"` : '';
  const whose = user || (credentials?.identityToken ? 'an identity token' : '');
  if (whose === '') {
    const advice = status === 401 ? `type "${logIn}" to store some` : `if it needs some, type "${logIn}"`;
    return `${who} was asked without credentials: ${advice}`;
  }
  if (status === 403) return `${who} does not allow this to ${whose}`;
  return `${who} refused the credentials of ${whose}: type "${logIn}" to store others`;
}
