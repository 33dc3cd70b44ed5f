/**
 * Decides what proof to send to one registry for one repository, and answers its challenges.
 */
import { isOutboardError, OutboardError } from '../../../errors/outboard-error.ts';
import type { RegistryCredentials } from '../../registry-client.ts';
import type { Connections } from '../connections/connections.ts';
import type { Base } from '../connections/endpoint.ts';
import { accessHint } from './access-hint.ts';
import { type Challenge, parseChallenges } from './challenge.ts';
import type { TrustedRealm } from './realm.ts';
import { basicAuthorization, fetchToken } from './token.ts';
import type { TokenCache } from './token-cache.ts';
import { type PlanOptions, planToken, type TokenPlan } from './token-plan.ts';

/** The proofs of one request. */
export interface Proofs {
  /** Each `Authorization` that was refused. */
  readonly refused: Set<string>;
  /** Those that were made for this request. */
  readonly fresh: Set<string>;
}

/** Proves who asks, to the registry's own host only. */
export interface Authorizer {
  /** The `Authorization` to send right away; undefined before the first challenge. */
  authorization(base: Base, signal?: AbortSignal): Promise<string | undefined>;
  /**
   * Answer a 401: a Bearer token first, then the password if the registry takes that too.
   * @param proofs those of the request so far; the refused one is among them
   * @returns the `Authorization` to try once more with; undefined when there is nothing else to offer
   */
  answer(
    base: Base,
    challenges: readonly string[],
    proofs: Proofs,
    signal?: AbortSignal,
  ): Promise<string | undefined>;
  /**
   * A request was refused for good: forget the proof.
   * @returns words for the error: whose credentials were refused, or why some were not used
   */
  giveUp(base: Base, status: number): string;
}

/** What an authorizer is made of. */
export interface AuthorizerOptions extends Omit<PlanOptions, 'scopes' | 'offline'> {
  readonly connections: Connections;
  readonly tokens: TokenCache;
  /** The scopes of the operation, in the order in which to ask for them: another set when one was refused. */
  readonly scopes: readonly (readonly string[])[];
  readonly trustedRealms: readonly TrustedRealm[];
  /**
   * Given for a login: the token server is asked for an identity token too, and this is told of it. Credentials that the
   * token server may not see are then an error, because an anonymous token would prove nothing.
   */
  readonly onIdentityToken?: ((token: string) => void) | undefined;
}

/**
 * The scopes for a repository: as images are named in tokens and as plugins are, then each alone, for token servers
 * that take one only or know no class.
 */
export function repositoryScopes(path: string, actions: string): readonly (readonly string[])[] {
  const asImage = `repository:${path}:${actions}`;
  const asPlugin = `repository(plugin):${path}:${actions}`;
  return [[asImage, asPlugin], [asImage], [asPlugin]];
}

/** Make an authorizer. */
export function createAuthorizer(options: AuthorizerOptions): Authorizer {
  const { credentials } = options;
  const bearer = createBearer(options);
  let accepted: Challenge | undefined;

  async function prove(base: Base, challenge: Challenge, proofs: Proofs, signal?: AbortSignal) {
    if (challenge.scheme !== 'basic') return await bearer.prove(base, challenge, proofs, signal);
    const proof = basicAuthorization(credentials?.username ?? '', credentials?.password ?? '');
    // The same password again would be refused again, and may lock the account.
    return proofs.refused.has(proof) ? undefined : proof;
  }

  return {
    async authorization(base, signal) {
      if (credentials?.registryToken) return `Bearer ${checkToken(credentials.registryToken)}`;
      return accepted && (await prove(base, accepted, { refused: new Set(), fresh: new Set() }, signal));
    },
    async answer(base, headers, proofs, signal) {
      if (credentials?.registryToken) return undefined;
      let failure: OutboardError | undefined;
      for (const challenge of rank(parseChallenges(headers), credentials)) {
        try {
          const proof = await prove(base, challenge, proofs, signal);
          if (proof === undefined) continue;
          accepted = challenge;
          return proof;
        } catch (error) {
          if (!isOutboardError(error)) throw error;
          failure ??= error;
        }
      }
      if (failure !== undefined) throw failure;
      return undefined;
    },
    giveUp(base, status) {
      const note = status === 401 ? bearer.forget() : '';
      return note || accessHint({ registry: base.url.host, status, credentials });
    },
  };
}

/** What can be answered, the best first. */
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

/** Proves by tokens of a token server. */
function createBearer(options: AuthorizerOptions) {
  const { connections, tokens } = options;
  /** What was asked for, or found at hand, since the last refusal. */
  let plans: TokenPlan[] = [];
  /** The set of scopes that the token server took last. */
  let chosen = 0;

  async function fetch(plan: TokenPlan, signal: AbortSignal | undefined): Promise<string> {
    if (options.onIdentityToken && plan.note) throw new OutboardError('forbidden', plan.note);
    const token = await fetchToken(connections, { ...plan.request, signal });
    tokens.set(plan.question, token);
    if (token.refreshToken !== undefined) options.onIdentityToken?.(token.refreshToken);
    return `Bearer ${token.value}`;
  }

  /** A token at hand, or a fresh one; undefined when the registry refused a fresh one already. */
  async function proofOf(plan: TokenPlan, proofs: Proofs, signal: AbortSignal | undefined) {
    const known = tokens.get(plan.question);
    const proof = known && `Bearer ${known.value}`;
    if (proof !== undefined && !proofs.refused.has(proof)) return proof;
    if (proof !== undefined && proofs.fresh.has(proof)) return undefined;
    const fetched = await fetch(plan, signal);
    proofs.fresh.add(fetched);
    return proofs.refused.has(fetched) ? undefined : fetched;
  }

  return {
    async prove(base: Base, challenge: Challenge, proofs: Proofs, signal?: AbortSignal) {
      let failure: OutboardError | undefined;
      const sets = options.scopes.length === 0 ? [[]] : options.scopes;
      for (let index = chosen; index < sets.length; index++) {
        const scopes = sets[index] ?? [];
        const plan = planToken(
          { ...options, scopes, offline: options.onIdentityToken !== undefined },
          base,
          challenge,
        );
        plans.push(plan);
        try {
          const proof = await proofOf(plan, proofs, signal);
          if (proof === undefined) continue;
          chosen = index;
          return proof;
        } catch (error) {
          if (!isOutboardError(error) || !mayTakeFewerScopes(error, plan)) throw failure ?? error;
          failure ??= error;
        }
      }
      chosen = 0;
      if (failure !== undefined) throw failure;
      return undefined;
    },
    /** Forget the tokens of a refused request. @returns why credentials were not used although there are some */
    forget(): string {
      const note = plans.at(-1)?.note ?? '';
      for (const { question } of plans) tokens.delete(question);
      plans = [];
      return note;
    },
  };
}

/** Whether a refusal of the token server may be about the scopes. A wrong password is not shown again and again. */
function mayTakeFewerScopes(error: OutboardError, plan: TokenPlan): boolean {
  const status = error.details?.status;
  if (typeof status !== 'number' || status < 400 || status >= 500) return false;
  return status !== 401 || plan.request.credentials === undefined;
}
