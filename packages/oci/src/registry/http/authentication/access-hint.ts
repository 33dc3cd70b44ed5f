/**
 * The addition to the error of a refused request: which credentials were refused, by which server, and the command that
 * stores others.
 */

import type { RegistryCredentials } from '../../registry-client.ts';
import { quoteForeignText } from '../failures/registry-error.ts';
import { hostnameOf, isLoopback } from '../hosts/addresses.ts';

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
  /** Schemes of the registry's challenges, in lower case; undefined when it sent no challenge before. */
  readonly schemes?: readonly string[] | undefined;
  /** `error` of a Bearer challenge. @see RFC 6750, 3.1 */
  readonly error?: string | undefined;
}

/**
 * Describe the credentials of a refused request, without the secret.
 * @returns empty for a status that is not about access
 */
export function accessHint(refused: RefusedAccess): string {
  const { registry, repository, by = 'registry', status, credentials } = refused;
  const who = `${by === 'registry' ? '' : 'the token server of '}registry "${registry}"`;
  if (by === 'registry' && status === 404) return hiddenHint(refused);
  if (status !== 401 && status !== 403) {
    return by === 'registry' ? '' : `it is the token server that registry "${registry}" names`;
  }
  const target = repository === undefined ? '' : ` for repository "${repository}"`;
  if (credentials?.registryToken) return `${who} refused the registry token that was sent${target}`;
  const unusable = by === 'registry' && status === 401 ? unusableSchemes(refused) : '';
  if (unusable !== '') return unusable;
  const whose = describeOwner(credentials);
  if (whose === '') return `${who} was asked${target} without credentials; ${loginAdvice(registry)}`;
  if (status === 403 || refused.error === 'insufficient_scope') {
    return `${who} does not allow this to ${whose}${target}; ${loginAdvice(registry)}`;
  }
  if (refused.error === 'invalid_token') {
    return `${who} refused a token that its token server had just issued to ${whose}${target}: their clocks or keys may differ`;
  }
  const isToken = Boolean(credentials?.identityToken);
  const age = isToken ? ', which may have expired' : '';
  return `${who} refused the credentials of ${whose}${age}${target}; ${loginAdvice(registry)}`;
}

/**
 * A 404 of a registry that tells strangers nothing of private repositories, such as GitLab's and Artifactory's.
 * @returns empty for a registry of this host that asked for no credentials: it keeps nothing private
 */
function hiddenHint({ registry, credentials, schemes }: RefusedAccess): string {
  if (credentials?.registryToken || describeOwner(credentials) !== '') return '';
  if (schemes === undefined && isLoopback(hostnameOf(new URL(`http://${registry}`)))) return '';
  return `it may be private: registry "${registry}" was asked without credentials; ${loginAdvice(registry)}`;
}

/** Words for a registry that cannot be logged in to; empty when it offers Bearer or Basic. */
function unusableSchemes({ registry, schemes }: RefusedAccess): string {
  if (schemes === undefined || schemes.some((scheme) => scheme === 'bearer' || scheme === 'basic')) return '';
  if (schemes.length === 0) return `registry "${registry}" does not say how to log in (it sent no challenge)`;
  return `registry "${registry}" offers only ${schemes.map((scheme) => quoteForeignText(scheme)).join(', ')}, want Bearer or Basic`;
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
