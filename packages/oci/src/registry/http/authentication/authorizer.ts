/**
 * Chooses the `Authorization` header of requests to one registry for one repository, and answers its challenges.
 */
import { isOutboardError, OutboardError } from '../../../errors/outboard-error.ts';
import type { RegistryCredentials } from '../../registry-client.ts';
import type { Base } from '../connections/endpoint.ts';
import { accessHint } from './access-hint.ts';
import type { AuthorizationAttempts } from './authorization-attempts.ts';
import { BearerAuthorizations, type BearerDeps } from './bearer-authorizations.ts';
import { type Challenge, parseChallenges } from './challenge.ts';
import { basicAuthorization } from './token.ts';

/** Authorizes requests to the registry's own host; redirects to other hosts get no `Authorization`. */
export interface Authorizer {
  /** The `Authorization` for the first attempt; undefined before the first challenge. */
  authorization(base: Base, signal?: AbortSignal): Promise<string | undefined>;
  /**
   * Answer a 401: with a Bearer token first, then with the password if the registry accepts Basic too.
   * @param attempts those of the request so far, the refused one included
   * @returns the `Authorization` for the next attempt; undefined when none is left
   */
  answerChallenge(
    base: Base,
    challenges: readonly string[],
    attempts: AuthorizationAttempts,
    signal?: AbortSignal,
  ): Promise<string | undefined>;
  /**
   * Drop the tokens of a request that was finally refused.
   * @returns words for the error: whose credentials were refused, or why some were not sent
   */
  explainRefusal(base: Base, status: number): string;
}

/** Parts of an authorizer. */
export interface AuthorizerDeps extends BearerDeps {
  readonly credentials: RegistryCredentials | undefined;
}

/**
 * The scopes for a repository, in the order to try them: with the names of images and of plugins together, then each
 * alone, for token servers that accept one scope only or do not know the class `plugin`.
 * @param mountFrom another repository, to pull from as well
 */
export function repositoryScopes(
  path: string,
  actions: string,
  mountFrom?: string,
): readonly (readonly string[])[] {
  const asImage = `repository:${path}:${actions}`;
  const asPlugin = `repository(plugin):${path}:${actions}`;
  const alone = [[asImage, asPlugin], [asImage], [asPlugin]];
  if (mountFrom === undefined) return alone;
  // A token server that refuses the other repository still permits the upload.
  return [[asImage, `repository:${mountFrom}:pull`], ...alone];
}

/** Create an authorizer; nothing is sent before the first challenge. */
export function createAuthorizer(deps: AuthorizerDeps): Authorizer {
  const { credentials, repository } = deps;
  const bearer = new BearerAuthorizations(deps);
  let accepted: Challenge | undefined;

  async function authorize(
    base: Base,
    challenge: Challenge,
    attempts: AuthorizationAttempts,
    signal?: AbortSignal,
  ): Promise<string | undefined> {
    if (challenge.scheme !== 'basic') return await bearer.authorize(base, challenge, attempts, signal);
    const authorization = basicAuthorization(credentials?.username ?? '', credentials?.password ?? '');
    // A refused password is not sent again: repeated failures may lock the account.
    return attempts.refused.has(authorization) ? undefined : authorization;
  }

  return {
    async authorization(base, signal) {
      if (credentials?.registryToken) return `Bearer ${checkToken(credentials.registryToken)}`;
      return accepted && (await authorize(base, accepted, { refused: new Set(), fresh: new Set() }, signal));
    },
    async answerChallenge(base, headers, attempts, signal) {
      if (credentials?.registryToken) return undefined;
      let failure: OutboardError | undefined;
      for (const challenge of rank(parseChallenges(headers), credentials)) {
        try {
          const authorization = await authorize(base, challenge, attempts, signal);
          if (authorization === undefined) continue;
          accepted = challenge;
          return authorization;
        } catch (error) {
          if (!isOutboardError(error)) throw error;
          failure ??= error;
        }
      }
      if (failure !== undefined) throw failure;
      return undefined;
    },
    explainRefusal(base, status) {
      const note = status === 401 ? bearer.forget() : '';
      return note || accessHint({ registry: base.url.host, repository, status, credentials });
    },
  };
}

/** The challenges that can be answered, best first. */
function rank(
  challenges: readonly Challenge[],
  credentials: RegistryCredentials | undefined,
): readonly Challenge[] {
  const bearer = challenges.find(({ scheme, parameters }) => scheme === 'bearer' && parameters.has('realm'));
  const basic = credentials?.username ? challenges.find(({ scheme }) => scheme === 'basic') : undefined;
  return [bearer, basic].filter((challenge) => challenge !== undefined);
}

function checkToken(token: string): string {
  if (/^[\x21-\x7e]+$/.test(token)) return token;
  throw new OutboardError(
    'unauthorized',
    'the registry token is malformed: want printable ASCII without spaces',
  );
}
