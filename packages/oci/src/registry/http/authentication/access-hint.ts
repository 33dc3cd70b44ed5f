/**
 * What to add to a refusal, so that its reader knows who was refused, where, and what to type.
 */

import type { RegistryCredentials } from '../../registry-client.ts';
import { quoteForeignText } from '../failures/registry-error.ts';

/** A refusal. */
export interface RefusedAccess {
  /** Host and port of the registry. */
  readonly registry: string;
  /** Who refused; default the registry itself. */
  readonly by?: 'registry' | 'token server' | undefined;
  readonly status: number;
  /** The credentials that it saw; undefined for none. */
  readonly credentials: RegistryCredentials | undefined;
}

/**
 * Words about the credentials of a refused request; never the secret.
 * @returns empty for a status of the registry that is not about access
 */
export function accessHint({ registry, by = 'registry', status, credentials }: RefusedAccess): string {
  const who = `${by === 'registry' ? '' : 'the token server of '}registry "${registry}"`;
  if (status !== 401 && status !== 403) return by === 'registry' ? '' : `${who} refused`;
  // Docker's client knows its Hub by no name.
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
