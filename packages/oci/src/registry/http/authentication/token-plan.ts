/**
 * Plans the request to a token server from the challenge of a registry. Nothing is sent here.
 */

import type { RegistryCredentials } from '../../registry-client.ts';
import type { Base } from '../connections/endpoint.ts';
import type { Route } from '../connections/http-request.ts';
import type { Challenge } from './challenge.ts';
import { mergeScopes } from './challenge-scopes.ts';
import { checkRealm, type TrustedRealm } from './realm.ts';
import type { TokenKey } from './token-cache.ts';
import type { TokenRequest } from './token-request.ts';

/** Parts of a plan. */
export interface TokenPlanDeps {
  readonly credentials: RegistryCredentials | undefined;
  readonly scopes: readonly string[];
  /** Path of the repository, for messages; absent for a login. */
  readonly repository?: string | undefined;
  readonly trustedRealms: readonly TrustedRealm[];
  /** Finds the route to a host that a registry named. */
  readonly routeTo: (url: URL, registry: Base) => Route;
  /** True to request an identity token. */
  readonly offline: boolean;
}

/** One request to a token server. */
export interface TokenPlan {
  readonly key: TokenKey;
  readonly request: TokenRequest;
  /** The reason why existing credentials are not sent; empty otherwise. */
  readonly note: string;
}

/** Plan a token request. @throws {OutboardError} forbidden when the registry may not name this token server */
export function planToken(options: TokenPlanDeps, base: Base, challenge: Challenge): TokenPlan {
  const { parameters } = challenge;
  const text = parameters.get('realm') ?? '';
  const { reach } = URL.canParse(text) ? options.routeTo(new URL(text), base) : { reach: 'public' as const };
  const realm = checkRealm(text, base.url, options.trustedRealms, reach);
  const own = options.credentials;
  const hasCredentials = Boolean(own?.username || own?.identityToken);
  const credentials = hasCredentials && realm.maySeeCredentials ? own : undefined;
  const service = parameters.get('service');
  const scopes = mergeScopes(options.scopes, parameters.get('scope'));
  return {
    key: { host: base.url.host, realm: realm.url.href, service, scopes, credentials },
    request: {
      realm: realm.url,
      registry: base.url.host,
      repository: options.repository,
      isKnown: realm.maySeeCredentials,
      service,
      scopes,
      route: routeOf(options, base, realm),
      credentials,
      offline: options.offline,
    },
    note:
      hasCredentials && !realm.maySeeCredentials
        ? `credentials were not sent to ${realm.url.host}, which is not known to be the token server of ${base.url.host}: an operator may name it as one`
        : '',
  };
}

/** The route of the registry for its own host; a token server that an operator named may be at any address. */
function routeOf(
  options: TokenPlanDeps,
  base: Base,
  realm: { readonly url: URL; readonly isNamed: boolean },
): Route {
  if (realm.url.host === base.url.host) return base.route;
  const route = options.routeTo(realm.url, base);
  return realm.isNamed ? { ...route, reach: 'loopback' } : route;
}
