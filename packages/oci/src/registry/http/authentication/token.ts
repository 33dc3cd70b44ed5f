/**
 * Asks a token server for a bearer token.
 */
import type { Cancellable } from '@outboard/async';
import * as z from 'zod';
import { hasBoundedValues } from '../../../documents/json-work.ts';
import { isOutboardError, OutboardError } from '../../../errors/outboard-error.ts';
import type { RegistryCredentials } from '../../registry-client.ts';
import { readBounded, readStart } from '../connections/bounded-body.ts';
import type { Connections, HttpResponse } from '../connections/connections.ts';
import type { HttpRequest, Route } from '../connections/http-request.ts';
import { redactUrl, unexpectedStatus } from '../failures/registry-error.ts';
import { isTransientStatus, parseRetryAfter, TransientFailure } from '../failures/retry.ts';
import { accessHint } from './access-hint.ts';

/** A token with its expiry. */
export interface Token {
  /** Sent as `Authorization: Bearer <value>`. */
  readonly value: string;
  /** Milliseconds since the Unix epoch. */
  readonly expiresAt: number;
  /** OAuth2 refresh token, if the server sent one. */
  readonly refreshToken?: string;
}

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
const maxTokenBody = 1024 * 1024;
const maxTokenValues = 1000;
const maxTokenLength = 64 * 1024;
const maxNameLength = 4096;
const shortestLifeSeconds = 60;
const longestLifeSeconds = 3600;

const tokenAnswer = z.object({
  token: z.string().nullish(),
  access_token: z.string().nullish(),
  refresh_token: z.string().nullish(),
  expires_in: z.unknown().optional(),
});

/**
 * Fetch a token: by GET, or by the OAuth2 POST when there is an identity token. Redirects are not followed.
 * @throws {OutboardError} unauthorized or forbidden when the server refuses; invalid when its response has no token
 * @throws {TransientFailure} for failures that may pass
 * @see distribution/distribution docs: "Token Authentication Specification", "OAuth2 Token Authentication"
 */
export async function fetchToken(connections: Connections, request: TokenRequest): Promise<Token> {
  const asked = request.credentials?.identityToken ? oauthRequest(request) : getRequest(request);
  const response = await connections.exchange(asked).catch((failure: unknown) => {
    throw nameTokenServer(failure, request);
  });
  if (response.status !== 200) throw await refusal(connections, response, request);
  const body = await readBounded(response, connections, maxTokenBody, 'the answer of the token server');
  return parseTokenAnswer(body, request.realm, connections.clock.now().getTime());
}

/** Add to a failed connection whose token server this is: the user named the registry only. */
function nameTokenServer(failure: unknown, { realm, registry }: TokenRequest): unknown {
  if (realm.host === registry) return failure;
  const error = failure instanceof TransientFailure ? failure.error : failure;
  if (!isOutboardError(error, 'unavailable')) return failure;
  const named = new OutboardError(
    'unavailable',
    `the token server of registry "${registry}" cannot be reached: ${error.message}`,
    { cause: error },
  );
  return failure instanceof TransientFailure ? new TransientFailure(named, failure) : named;
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

function getRequest(request: TokenRequest): HttpRequest {
  const { username, password } = request.credentials ?? {};
  const url = new URL(request.realm);
  for (const [name, value] of parameters(request)) url.searchParams.set(name, value);
  for (const scope of request.scopes) url.searchParams.append('scope', scope);
  url.searchParams.set('client_id', clientId);
  if (request.offline) url.searchParams.set('offline_token', 'true');
  if (username) url.searchParams.set('account', username);
  const headers = username ? { authorization: basicAuthorization(username, password ?? '') } : {};
  return { method: 'GET', url, headers, ...common(request) };
}

function oauthRequest(request: TokenRequest): HttpRequest {
  const form = new URLSearchParams([
    ['grant_type', 'refresh_token'],
    ...parameters(request),
    ['client_id', clientId],
    ['refresh_token', request.credentials?.identityToken ?? ''],
  ]);
  if (request.scopes.length > 0) form.set('scope', request.scopes.join(' '));
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  return {
    method: 'POST',
    url: request.realm,
    headers,
    body: Buffer.from(form.toString()),
    ...common(request),
  };
}

function common(request: TokenRequest): Pick<HttpRequest, 'route' | 'signal'> {
  return { route: request.route, signal: request.signal };
}

/** The value of `Authorization` for a user name and password. @see RFC 7617 */
export function basicAuthorization(username: string, password: string): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}

async function refusal(
  connections: Connections,
  response: HttpResponse,
  request: TokenRequest,
): Promise<Error> {
  const body = await readStart(response, connections, 64 * 1024);
  const { registry, repository, credentials } = request;
  const error = unexpectedStatus(
    { ...response, body: request.isKnown ? body : Buffer.alloc(0) },
    accessHint({ registry, repository, by: 'token server', status: response.status, credentials }),
    'another server',
  );
  if (!isTransientStatus(response.status)) return error;
  return new TransientFailure(error, {
    retryAfterMs: parseRetryAfter(response.headers.get('retry-after'), connections.clock.now().getTime()),
  });
}

/** Parse a token server's response. @throws {OutboardError} invalid */
export function parseTokenAnswer(body: Buffer, realm: URL, now: number): Token {
  let json: unknown;
  if (!hasBoundedValues(body, maxTokenValues))
    throw noToken(realm, `it has more than ${maxTokenValues} values`);
  try {
    json = JSON.parse(body.toString('utf8'));
  } catch {
    throw noToken(realm, 'it is not JSON'); // the parser's message would quote the body, which may hold a token
  }
  const parsed = tokenAnswer.safeParse(json);
  const value = parsed.success ? parsed.data.token || parsed.data.access_token : undefined;
  if (!value) throw noToken(realm, 'it holds no token');
  const refreshToken = parsed.success ? parsed.data.refresh_token : undefined;
  if (!isToken(value) || (refreshToken && !isToken(refreshToken)))
    throw noToken(realm, 'its token is malformed');
  const seconds = lifeSeconds(parsed.success ? parsed.data.expires_in : undefined);
  return { value, expiresAt: now + seconds * 1000, ...(refreshToken && { refreshToken }) };
}

/** True for printable ASCII without spaces: a superset of RFC 6750's b68token that cannot end a header line. */
function isToken(text: string): boolean {
  return text.length <= maxTokenLength && /^[\x21-\x7e]+$/.test(text);
}

function lifeSeconds(claimed: unknown): number {
  const seconds = typeof claimed === 'number' && !Number.isNaN(claimed) ? claimed : shortestLifeSeconds;
  return Math.min(longestLifeSeconds, Math.max(shortestLifeSeconds, Math.floor(seconds)));
}

function noToken(realm: URL, why: string): OutboardError {
  return new OutboardError(
    'invalid',
    `the answer of token server ${redactUrl(realm)} cannot be used: ${why}`,
  );
}
