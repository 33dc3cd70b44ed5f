/**
 * The interface that the author of an authorization plugin implements.
 */
import type { CallContext } from '../wire/call.ts';
import type { RequestBody } from './request-body.ts';

/** A request to the engine's API, as the engine shows it to its authorization plugins. */
export interface AuthorizationRequest {
  /** HTTP method, such as `POST`. */
  readonly method: string;
  /** The target as the client sent it, with version and query: `/v1.41/containers/create?name=web`. */
  readonly uri: string;
  /**
   * Path without version and query, decoded once as the engine does: `/containers/create`. Repeated slashes are kept.
   */
  readonly path: string;
  readonly query: URLSearchParams;
  /** Common name of the client's certificate; undefined for clients without one, such as those of the unix socket. */
  readonly user?: string | undefined;
  /** Authentication of the user, `TLS`; undefined with no user. */
  readonly authenticationMethod?: string | undefined;
  /** Headers by lower-case name; those with credentials are not shown. */
  readonly headers: ReadonlyMap<string, string>;
  /** PEM texts of the client's certificates, its own first. */
  readonly certificates: readonly string[];
  /**
   * The body, decoded when asked for; undefined if none was shown. Engines show JSON only, and not all of it: Docker Engine
   * before 29.3.1 keeps bodies from 1 MiB on to itself, and 20.10 those sent in chunks as well. So deny a call that needs
   * a body, such as `POST /containers/create`, when there is none.
   */
  readonly body?: RequestBody | undefined;
}

/** The answer of the engine to an authorized request. */
export interface AuthorizationResponse {
  readonly status: number;
  /** Headers by lower-case name. */
  readonly headers: ReadonlyMap<string, string>;
  /** The body; undefined for streams. Of an answer above 64 KiB it is a part or missing. */
  readonly body?: RequestBody | undefined;
}

/** A decision. The client of the engine gets the message of a denial. */
export type AuthorizationDecision =
  | { readonly isAllowed: true }
  | { readonly isAllowed: false; readonly message: string };

/** Let the request pass. */
export const allow: AuthorizationDecision = { isAllowed: true };

/** Refuse the request. @param message reason, shown to the client: `containers of others are off limits` */
export function deny(message: string): AuthorizationDecision {
  return { isAllowed: false, message };
}

/**
 * Decides on requests to an engine. All plugins of the engine's list are asked in their order, and all must allow.
 *
 * Everything that is no decision denies: a thrown error, whose message the client gets, a malformed request, and a plugin
 * that is down or slow. The engine waits for the time given when the plugin was enabled, 30 s by default; for plugins
 * outside of a plugin manager it waits without limit.
 */
export interface Authorizer {
  /**
   * Decide before the engine handles a request. Called for every request, in parallel, and again when the answer to the
   * engine was lost: it must change nothing.
   */
  authorizeRequest(request: AuthorizationRequest, context: CallContext): Promise<AuthorizationDecision>;
  /**
   * Decide before the client gets the answer. The engine has done its work by then, so a denial hides the answer and undoes
   * nothing. Default: allow. Not called for a request that was denied; for answers that stream it is called after their end.
   */
  authorizeResponse?(
    request: AuthorizationRequest,
    response: AuthorizationResponse,
    context: CallContext,
  ): Promise<AuthorizationDecision>;
}
