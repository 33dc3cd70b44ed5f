/**
 * Tries credentials at a registry, as `docker login` does.
 * @see moby daemon/pkg/registry/auth.go, loginV2 (28.x)
 */
import type { Cancellable } from '@outboard/async';
import { isOutboardError, OutboardError } from '../../../errors/outboard-error.ts';
import type { Login, RegistryCredentials } from '../../registry-client.ts';
import { type AuthorizerDeps, createAuthorizer } from '../authentication/authorizer.ts';
import { createTokenCache } from '../authentication/token-cache.ts';
import { readStart } from '../connections/bounded-body.ts';
import type { Connections } from '../connections/connections.ts';
import type { Endpoint } from '../connections/endpoint.ts';
import { quoteForeignText, redactUrl } from '../failures/registry-error.ts';
import { TransientFailure } from '../failures/retry.ts';
import { createSession } from './session.ts';

/** Parts of a login. */
export interface LogInDeps extends Cancellable, Pick<AuthorizerDeps, 'trustedRealms' | 'routeTo'> {
  readonly endpoint: Endpoint;
  readonly connections: Connections;
}

/** Docker Hub, under the name of its first index. */
const hubDomain = 'index.docker.io';

/**
 * The domain of a server address in Docker's configuration, such as `reg.example:5000` or `https://index.docker.io/v1/`.
 * As in Docker, the scheme is ignored: clients do not choose it.
 * @throws {OutboardError} invalid
 */
export function parseServerAddress(text: string): string {
  if (text === '') return hubDomain;
  const url = /^https?:\/\//.test(text) ? text : `https://${text}`;
  // Not from `new URL()`, which drops port 443: an insecure registry may use it.
  const host = /^https?:\/\/((?:\[[0-9a-f:.]+\]|[\w.-]+)(?::\d+)?)(?:\/[^?#]*)?$/i.exec(url)?.[1];
  if (host !== undefined && URL.canParse(url)) return host;
  throw new OutboardError(
    'invalid',
    // The part before an @ may hold a password.
    `invalid server address "${quoteForeignText(text.replace(/^.*@/s, '***@'))}": expected HOST, HOST:PORT or a URL`,
  );
}

/**
 * Test credentials with one `GET /v2/`. There is no retry, so that a wrong password locks no account. No cached token is
 * used: it would prove earlier credentials.
 * @throws {OutboardError} see `RegistryClient.logIn`
 */
export async function logIn(credentials: RegistryCredentials, options: LogInDeps): Promise<Login> {
  const { connections, endpoint, signal } = options;
  let identityToken = credentials.identityToken ?? '';
  const authorizer = createAuthorizer({
    ...options,
    tokens: createTokenCache(connections.clock),
    credentials,
    scopes: [],
    onIdentityToken(token) {
      identityToken = token;
    },
  });
  const session = createSession({ ...options, authorizer, path: '', headers: {} });
  try {
    const target = new URL('/v2/', (await endpoint.base(signal)).url);
    const response = await session.send({
      method: 'GET',
      target,
      expect: [200],
      signal,
    });
    await readStart(response, connections, 64 * 1024);
    refuseOtherHost(response.url, target);
    return { identityToken };
  } catch (failure) {
    signal?.throwIfAborted();
    const error = failure instanceof TransientFailure ? failure.error : failure;
    throw isOutboardError(error, 'unauthorized') ? inDockersWords(error, await endpoint.base(signal)) : error;
  }
}

/** Refuse a response of another host: it got no credentials, so its success proves nothing. */
function refuseOtherHost(responded: URL, asked: URL): void {
  if (responded.origin === asked.origin) return;
  throw new OutboardError(
    'invalid',
    `cannot log in to ${asked.host}: it sends clients to ${redactUrl(responded)}; log in there`,
  );
}

/** The refusal of the registry or of its token server, in Docker's words. */
function inDockersWords(error: OutboardError, { url: base }: { readonly url: URL }): OutboardError {
  const url = redactUrl(new URL('/v2/', base));
  const { url: refusedBy, reason } = error.details ?? {};
  const message =
    refusedBy === url
      ? `login attempt to ${url} failed with status: 401 Unauthorized`
      : `Get "${url}": unauthorized: ${withoutCode(reason) || 'authentication required'}`;
  return new OutboardError('unauthorized', message, { cause: error });
}

/** Remove the code, which the message repeats. */
function withoutCode(reason: unknown): string {
  return typeof reason === 'string' ? reason.replace(/^UNAUTHORIZED: ?/, '') : '';
}
