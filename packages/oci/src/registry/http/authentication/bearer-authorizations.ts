/**
 * `Authorization` headers with Bearer tokens, cached or fetched from the token server that a challenge names.
 * @see distribution/distribution docs: "Token Authentication Specification"
 */
import { isOutboardError, OutboardError } from '../../../errors/outboard-error.ts';
import type { Connections } from '../connections/connections.ts';
import type { Base } from '../connections/endpoint.ts';
import type { AuthorizationAttempts } from './authorization-attempts.ts';
import type { Challenge } from './challenge.ts';
import { fetchToken } from './token.ts';
import type { TokenCache } from './token-cache.ts';
import { planToken, type TokenPlan, type TokenPlanDeps } from './token-plan.ts';

/** Parts of Bearer authorization. */
export interface BearerDeps
  extends Pick<TokenPlanDeps, 'credentials' | 'repository' | 'trustedRealms' | 'routeTo'> {
  readonly connections: Connections;
  readonly tokens: TokenCache;
  /** Sets of scopes in the order to try them: the next one when the token server refused one. */
  readonly scopes: readonly (readonly string[])[];
  /**
   * Given for a login: the token server is asked for an identity token too, which is passed to this function.
   * Credentials that the token server may not see are an error then, because an anonymous token proves nothing.
   */
  readonly onIdentityToken?: ((token: string) => void) | undefined;
}

/** The tokens of one repository. */
export class BearerAuthorizations {
  readonly #deps: BearerDeps;
  /** Plans whose token was fetched or found in the cache since the last refusal. */
  #plans: TokenPlan[] = [];
  /** Index of the set of scopes that the token server accepted last. */
  #accepted = 0;

  constructor(deps: BearerDeps) {
    this.#deps = deps;
  }

  /**
   * @returns a header that the registry did not refuse yet; undefined when there is none
   * @throws {OutboardError} the token server's refusal of the first set of scopes
   */
  async authorize(
    base: Base,
    challenge: Challenge,
    attempts: AuthorizationAttempts,
    signal: AbortSignal | undefined,
  ): Promise<string | undefined> {
    const { scopes, onIdentityToken } = this.#deps;
    let failure: OutboardError | undefined;
    const sets = scopes.length === 0 ? [[]] : scopes;
    for (let index = this.#accepted; index < sets.length; index++) {
      const set = sets[index] ?? [];
      const deps = { ...this.#deps, scopes: set, offline: onIdentityToken !== undefined };
      const plan = planToken(deps, base, challenge);
      this.#plans.push(plan);
      try {
        const authorization = await this.#authorizationOf(plan, attempts, signal);
        if (authorization === undefined) continue;
        this.#accepted = index;
        return authorization;
      } catch (error) {
        if (!isOutboardError(error) || !mayAcceptFewerScopes(error, plan)) throw failure ?? error;
        failure ??= error;
      }
    }
    this.#accepted = 0;
    if (failure !== undefined) throw failure;
    return undefined;
  }

  /** Drop the tokens of a refused request. @returns the reason why credentials were not sent; empty if they were */
  forget(): string {
    const note = this.#plans.at(-1)?.note ?? '';
    for (const { key } of this.#plans) this.#deps.tokens.delete(key);
    this.#plans = [];
    return note;
  }

  /** A cached token, or a new one; undefined when the registry refused a new one already. */
  async #authorizationOf(
    plan: TokenPlan,
    attempts: AuthorizationAttempts,
    signal: AbortSignal | undefined,
  ): Promise<string | undefined> {
    const cached = this.#deps.tokens.get(plan.key);
    const authorization = cached && `Bearer ${cached.value}`;
    if (authorization !== undefined && !attempts.refused.has(authorization)) return authorization;
    if (authorization !== undefined && attempts.fresh.has(authorization)) return undefined;
    const fetched = await this.#fetch(plan, signal);
    attempts.fresh.add(fetched);
    return attempts.refused.has(fetched) ? undefined : fetched;
  }

  async #fetch(plan: TokenPlan, signal: AbortSignal | undefined): Promise<string> {
    const { connections, tokens, onIdentityToken } = this.#deps;
    if (onIdentityToken && plan.note) throw new OutboardError('forbidden', plan.note);
    const token = await fetchToken(connections, { ...plan.request, signal });
    tokens.set(plan.key, token);
    if (token.refreshToken !== undefined) onIdentityToken?.(token.refreshToken);
    return `Bearer ${token.value}`;
  }
}

/** True if a refusal of the token server may concern the scopes. A wrong password is not sent again. */
function mayAcceptFewerScopes(error: OutboardError, plan: TokenPlan): boolean {
  const status = error.details?.status;
  if (typeof status !== 'number' || status < 400 || status >= 500) return false;
  return status !== 401 || plan.request.credentials === undefined;
}
