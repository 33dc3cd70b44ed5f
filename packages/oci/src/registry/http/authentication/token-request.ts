/**
 * The forms of a token request: the GET of Docker's token protocol and the POST of OAuth2. Token servers know one of them,
 * or both.
 */
import type { Cancellable } from '@outboard/async';
import { OutboardError } from '../../../errors/outboard-error.ts';
import type { RegistryCredentials } from '../../registry-client.ts';
import type { HttpRequest, Route } from '../connections/http-request.ts';

/** One request to a token server. */
export interface TokenRequest extends Cancellable {
  readonly realm: URL;
  /** Host and port of the registry that named the realm. */
  readonly registry: string;
  /** Path of the repository, for messages; absent for a login. */
  readonly repository?: string | undefined;
  /** True if the realm belongs to the registry; texts of other servers are not shown. */
  readonly isKnown: boolean;
  readonly service: string | undefined;
  readonly scopes: readonly string[];
  /** Absent when the token server must not see them. */
  readonly credentials?: RegistryCredentials | undefined;
  /** Request a refresh token too. */
  readonly offline?: boolean | undefined;
  readonly route: Route;
}

const clientId = 'outboard';
const maxNameLength = 4096;
/** User name for an identity token where only Basic is known, as credential helpers write it. */
const tokenUser = '<token>';

/**
 * The requests that may get a token, in the order to try them: an identity token goes by POST and a password by GET first,
 * an anonymous token comes by GET only.
 * @throws {OutboardError} unauthorized for a challenge that is too long
 * @see distribution/distribution docs: "Token Authentication Specification", "OAuth2 Token Authentication"
 */
export function tokenRequests(request: TokenRequest): readonly HttpRequest[] {
  const { username, password = '', identityToken } = request.credentials ?? {};
  if (identityToken) {
    return [
      post(request, [
        ['grant_type', 'refresh_token'],
        ['refresh_token', identityToken],
      ]),
      get(request, { username: username || tokenUser, password: identityToken }),
    ];
  }
  if (!username) return [get(request, undefined)];
  return [
    get(request, { username, password }),
    post(request, [
      ['grant_type', 'password'],
      ['username', username],
      ['password', password],
      ['access_type', request.offline ? 'offline' : 'online'],
    ]),
  ];
}

/** The value of `Authorization` for a user name and password. @see RFC 7617 */
export function basicAuthorization(username: string, password: string): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}

function parameters(request: TokenRequest): [string, string][] {
  const { service, scopes } = request;
  for (const text of [service ?? '', ...scopes]) {
    if (text.length > maxNameLength) {
      throw new OutboardError(
        'unauthorized',
        `the registry's challenge is too long: want at most ${maxNameLength} characters`,
      );
    }
  }
  return service === undefined ? [] : [['service', service]];
}

function get(
  request: TokenRequest,
  login: { readonly username: string; readonly password: string } | undefined,
): HttpRequest {
  const url = new URL(request.realm);
  for (const [name, value] of parameters(request)) url.searchParams.set(name, value);
  for (const scope of request.scopes) url.searchParams.append('scope', scope);
  url.searchParams.set('client_id', clientId);
  if (request.offline) url.searchParams.set('offline_token', 'true');
  if (login && login.username !== tokenUser) url.searchParams.set('account', login.username);
  const headers = login ? { authorization: basicAuthorization(login.username, login.password) } : {};
  return { method: 'GET', url, headers, ...common(request) };
}

function post(request: TokenRequest, grant: readonly [string, string][]): HttpRequest {
  const form = new URLSearchParams([...grant, ...parameters(request), ['client_id', clientId]]);
  if (request.scopes.length > 0) form.set('scope', request.scopes.join(' '));
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  const body = Buffer.from(form.toString());
  return { method: 'POST', url: request.realm, headers, body, ...common(request) };
}

function common(request: TokenRequest): Pick<HttpRequest, 'route' | 'signal'> {
  return { route: request.route, signal: request.signal };
}
