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
  /** Path of the repository that was asked for; absent for a login. */
  readonly repository?: string | undefined;
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
export function accessHint(refused: RefusedAccess): string {
  const { registry, repository, by = 'registry', status, credentials } = refused;
  const who = `${by === 'registry' ? '' : 'the token server of '}registry "${registry}"`;
  if (status !== 401 && status !== 403) return by === 'registry' ? '' : `${who} refused`;
  const target = repository === undefined ? '' : ` for repository "${repository}"`;
  if (credentials?.registryToken) return `${who} refused the registry token that was sent${target}`;
  const whose = describeOwner(credentials);
  if (whose === '') return `${who} was asked${target} without credentials; ${loginAdvice(registry)}`;
  if (status === 403) return `${who} does not allow this to ${whose}${target}; ${loginAdvice(registry)}`;
  const isToken = Boolean(credentials?.identityToken);
  const age = isToken ? ', which may have expired' : '';
  return `${who} refused the credentials of ${whose}${age}${target}; ${loginAdvice(registry)}`;
}

/** Empty for no credentials. */
function describeOwner(credentials: RegistryCredentials | undefined): string {
  if (credentials?.username) return `user "${quoteForeignText(credentials.username)}"`;
  return credentials?.identityToken ? 'an identity token' : '';
}

/** The command line of either program sends what either of them stored. */
function loginAdvice(registry: string): string {
  // A login without a name means Docker Hub.
  const name = registry === 'registry-1.docker.io' ? '' : ` ${registry}`;
  return `to log in, type: outboard login${name} (or docker login${name})`;
}
