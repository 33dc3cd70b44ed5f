/**
 * The record of one request's attempts to authorize itself.
 */

/** The `Authorization` headers that were tried for one request. */
export interface AuthorizationAttempts {
  /** Headers that the registry refused. */
  readonly refused: Set<string>;
  /** Headers with a token that was fetched for this request. */
  readonly fresh: Set<string>;
}
