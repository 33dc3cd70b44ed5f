/**
 * Decides what proof to send to one registry for one repository, and answers its challenges.
 */
import { OutboardError } from '../../errors.ts';
import type { Connections } from '../connections.ts';
import type { Base } from '../endpoint.ts';
import type { Route } from '../http-request.ts';
import type { RegistryCredentials } from '../repository.ts';
import { type Challenge, parseChallenges } from './challenge.ts';
import { checkRealm, type TrustedRealm } from './realm.ts';
import { basicAuthorization, fetchToken, type TokenRequest } from './token.ts';
import type { TokenCache, TokenQuestion } from './token-cache.ts';

/** Proves who asks, to the registry's own host only. */
export interface Authorizer {
  /** The `Authorization` to send right away; undefined before the first challenge. */
  authorization(base: Base, signal?: AbortSignal): Promise<string | undefined>;
  /**
   * Answer a 401.
   * @param refused the `Authorization` that the 401 was the answer to
   * @returns the `Authorization` to try once more with; undefined when there is nothing else to offer
   */
  answer(
    base: Base,
    challenges: readonly string[],
    refused: string | undefined,
    signal?: AbortSignal,
  ): Promise<string | undefined>;
  /**
   * The last proof was refused for good: forget it.
   * @returns why credentials were not used although there are some; empty when they were, or when there are none
   */
  giveUp(): string;
}

/** What an authorizer is made of. */
export interface AuthorizerOptions {
  readonly connections: Connections;
  readonly tokens: TokenCache;
  readonly credentials: RegistryCredentials | undefined;
  /** The scopes of the operation. */
  readonly scopes: readonly string[];
  readonly trustedRealms: readonly TrustedRealm[];
  /** How to connect to a token server. */
  readonly routeTo: (url: URL) => Route;
  /**
   * Given for a login: the token server is asked for an identity token too, and this is told of it. Credentials that the
   * token server may not see are then an error, because an anonymous token would prove nothing.
   */
  readonly onIdentityToken?: (token: string) => void;
}

/** The scopes for a repository: as images are named in tokens, and as plugins are. */
export function repositoryScopes(path: string, actions: string): readonly string[] {
  return [`repository:${path}:${actions}`, `repository(plugin):${path}:${actions}`];
}

/** Make an authorizer. */
export function createAuthorizer(options: AuthorizerOptions): Authorizer {
  const { credentials, tokens } = options;
  let accepted: Challenge | undefined;
  let plan: TokenPlan | undefined;

  async function prove(base: Base, challenge: Challenge, refused?: string, signal?: AbortSignal) {
    if (challenge.scheme === 'basic') {
      const proof = basicAuthorization(credentials?.username ?? '', credentials?.password ?? '');
      // The same password again would be refused again, and may lock the account.
      return proof === refused ? undefined : proof;
    }
    plan = planToken(options, base, challenge);
    const known = tokens.get(plan.question);
    if (known !== undefined && `Bearer ${known.value}` !== refused) return `Bearer ${known.value}`;
    if (options.onIdentityToken && plan.note) throw new OutboardError('forbidden', plan.note);
    const token = await fetchToken(options.connections, { ...plan.request, ...(signal ? { signal } : {}) });
    tokens.set(plan.question, token);
    if (token.refreshToken !== undefined) options.onIdentityToken?.(token.refreshToken);
    return `Bearer ${token.value}`;
  }

  return {
    async authorization(base, signal) {
      if (credentials?.registryToken) return `Bearer ${checkToken(credentials.registryToken)}`;
      return accepted && (await prove(base, accepted, undefined, signal));
    },
    async answer(base, headers, refused, signal) {
      if (credentials?.registryToken) return undefined;
      accepted = choose(parseChallenges(headers), credentials);
      return accepted && (await prove(base, accepted, refused, signal));
    },
    giveUp() {
      if (plan === undefined) return '';
      tokens.delete(plan.question);
      return plan.note;
    },
  };
}

function checkToken(token: string): string {
  if (/^[\x21-\x7e]+$/.test(token)) return token;
  throw new OutboardError(
    'unauthorized',
    'the registry token is malformed: want printable ASCII without spaces',
  );
}

function choose(
  challenges: readonly Challenge[],
  credentials: RegistryCredentials | undefined,
): Challenge | undefined {
  const bearer = challenges.find(({ scheme, parameters }) => scheme === 'bearer' && parameters.has('realm'));
  if (bearer !== undefined) return bearer;
  return credentials?.username ? challenges.find(({ scheme }) => scheme === 'basic') : undefined;
}

interface TokenPlan {
  readonly question: TokenQuestion;
  readonly request: TokenRequest;
  readonly note: string;
}

function planToken(options: AuthorizerOptions, base: Base, challenge: Challenge): TokenPlan {
  const { parameters } = challenge;
  const realm = checkRealm(parameters.get('realm') ?? '', base.url, options.trustedRealms);
  const own = options.credentials;
  const hasCredentials = Boolean(own?.username || own?.identityToken);
  const credentials = hasCredentials && realm.maySeeCredentials ? own : undefined;
  const service = parameters.get('service');
  const scopes = mergeScopes(options.scopes, parameters.get('scope'));
  // The registry's own host is reached as the registry is; another one as a stranger's pick.
  const route =
    realm.url.host === base.url.host ? base.route : { ...options.routeTo(realm.url), foreign: true };
  return {
    question: { host: base.url.host, realm: realm.url.href, service, scopes, credentials },
    request: {
      realm: realm.url,
      service,
      scopes,
      route,
      ...(credentials ? { credentials } : {}),
      offline: options.onIdentityToken !== undefined,
    },
    note:
      hasCredentials && !realm.maySeeCredentials
        ? `credentials were not sent to ${realm.url.host}, which is not known to be the token server of ${base.url.host}: an operator may name it as one`
        : '',
  };
}

// What the registry asks for is added, except for repositories: it has no say in which ones a token opens.
function mergeScopes(own: readonly string[], asked: string | undefined): readonly string[] {
  const extra = (asked ?? '')
    .split(' ')
    .filter((scope) => /^[\x21-\x7e]{1,256}$/.test(scope) && !scope.startsWith('repository'));
  return [...new Set([...own, ...extra.slice(0, 4)])];
}
