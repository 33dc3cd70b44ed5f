/**
 * Chooses the `Authorization` header of requests to one registry for one repository, and answers its challenges.
 */
import { isOutboardError, OutboardError } from '../../../errors/outboard-error.ts';
import type { RegistryCredentials } from '../../registry-client.ts';
import type { Base } from '../connections/endpoint.ts';
import { TransientFailure } from '../failures/retry.ts';
import { accessHint } from './access-hint.ts';
import type { AuthorizationAttempts } from './authorization-attempts.ts';
import { BearerAuthorizations, type BearerDeps } from './bearer-authorizations.ts';
import { type Challenge, parseChallenges } from './challenge.ts';
import { basicAuthorization } from './token-request.ts';

/** Authorizes requests to the registry's own host; redirects to other hosts get no `Authorization`. */
export interface Authorizer {
  /** The `Authorization` for the first attempt; undefined before the first challenge. */
  authorization(base: Base, signal?: AbortSignal): Promise<string | undefined>;
  /**
   * Answer a 401: with a Bearer token first, then with the password if the registry accepts Basic too. The order of the
   * challenges does not matter: a password that only the token server needs is not sent to the registry.
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
   * Drop the tokens of a request that was finally refused with 401 or 403.
   * @returns words for the error: whose credentials were refused, or why some were not sent; for a 404 without
   *   credentials, that the repository may be private
   */
  explainRefusal(base: Base, status: number): string;
}

const maxChallenges = 16;
/** Token servers of one response that are asked. */
const maxRealms = 2;

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
  const fromImage = `repository:${mountFrom}:pull`;
  const fromPlugin = `repository(plugin):${mountFrom}:pull`;
  return [[asImage, asPlugin, fromImage, fromPlugin], [asImage, fromImage], ...alone];
}

/** Create an authorizer; nothing is sent before the first challenge. */
export function createAuthorizer(deps: AuthorizerDeps): Authorizer {
  return new ChallengeAuthorizer(deps);
}

class ChallengeAuthorizer implements Authorizer {
  readonly #deps: AuthorizerDeps;
  readonly #bearer: BearerAuthorizations;
  /** The challenge that was answered last, for the first attempt of the next request. */
  #accepted: Challenge | undefined;
  /** All challenges of the last refusal; undefined before the first one. */
  #offered: readonly Challenge[] | undefined;
  /** A refused password is not sent again: repeated failures may lock the account. */
  readonly #refusedPasswords = new Set<string>();

  constructor(deps: AuthorizerDeps) {
    this.#deps = deps;
    this.#bearer = new BearerAuthorizations(deps);
  }

  async authorization(base: Base, signal?: AbortSignal): Promise<string | undefined> {
    const { credentials } = this.#deps;
    if (credentials?.registryToken) return `Bearer ${checkToken(credentials.registryToken)}`;
    if (this.#accepted === undefined) return undefined;
    try {
      return await this.#answer(base, this.#accepted, { refused: new Set(), fresh: new Set() }, signal);
    } catch (error) {
      if (!isOutboardError(error)) throw error;
      // The token server refuses now: the registry's next challenge may offer another way.
      this.#accepted = undefined;
      return undefined;
    }
  }

  async answerChallenge(
    base: Base,
    headers: readonly string[],
    attempts: AuthorizationAttempts,
    signal?: AbortSignal,
  ): Promise<string | undefined> {
    const { credentials } = this.#deps;
    this.#offered = readChallenges(headers);
    if (credentials?.registryToken) return undefined;
    for (const refused of attempts.refused) {
      if (refused.startsWith('Basic ')) this.#refusedPasswords.add(refused);
    }
    let failure: unknown;
    for (const challenge of rank(this.#offered, credentials)) {
      try {
        const authorization = await this.#answer(base, challenge, attempts, signal);
        if (authorization === undefined) continue;
        this.#accepted = challenge;
        return authorization;
      } catch (error) {
        // A token server that is down, too: the registry may take a password itself.
        if (!isOutboardError(error) && !(error instanceof TransientFailure)) throw error;
        failure ??= error;
      }
    }
    if (failure !== undefined) throw failure;
    return undefined;
  }

  explainRefusal(base: Base, status: number): string {
    const { credentials, repository } = this.#deps;
    // A right that was granted after the token was issued shows in a new one only.
    const note = status === 401 || status === 403 ? this.#bearer.forget() : '';
    if (note) return note;
    const offered = this.#offered;
    return accessHint({
      registry: base.url.host,
      repository,
      status,
      credentials,
      schemes: offered?.map(({ scheme }) => scheme),
      error: offered?.map(({ parameters }) => parameters.get('error')).find(Boolean),
    });
  }

  async #answer(
    base: Base,
    challenge: Challenge,
    attempts: AuthorizationAttempts,
    signal: AbortSignal | undefined,
  ): Promise<string | undefined> {
    if (challenge.scheme !== 'basic') return await this.#bearer.authorize(base, challenge, attempts, signal);
    const { username = '', password = '' } = this.#deps.credentials ?? {};
    const authorization = basicAuthorization(username, password);
    return this.#refusedPasswords.has(authorization) ? undefined : authorization;
  }
}

/**
 * Parse the challenges of a response. A header that cannot be read is passed over if another one can.
 * @throws {OutboardError} unauthorized when none can be read
 */
function readChallenges(headers: readonly string[]): readonly Challenge[] {
  const challenges: Challenge[] = [];
  let failure: unknown;
  for (const header of headers) {
    try {
      challenges.push(...parseChallenges([header]));
    } catch (error) {
      failure ??= error;
    }
  }
  if (challenges.length === 0 && failure !== undefined) throw failure;
  return challenges.slice(0, maxChallenges);
}

/** The challenges that can be answered, best first: the realms of Bearer in the registry's order, then Basic. */
function rank(
  challenges: readonly Challenge[],
  credentials: RegistryCredentials | undefined,
): readonly Challenge[] {
  const bearer = challenges.filter(
    ({ scheme, parameters }) => scheme === 'bearer' && parameters.has('realm'),
  );
  const basic = credentials?.username ? challenges.filter(({ scheme }) => scheme === 'basic') : [];
  return [...bearer.slice(0, maxRealms), ...basic.slice(0, 1)];
}

function checkToken(token: string): string {
  if (/^[\x21-\x7e]+$/.test(token)) return token;
  throw new OutboardError(
    'unauthorized',
    'the registry token is malformed: want printable ASCII without spaces',
  );
}
