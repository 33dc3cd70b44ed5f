/**
 * Tries credentials at a registry, as `docker login` does.
 * @see moby daemon/pkg/registry/auth.go, loginV2 (28.x)
 */
import { isOutboardError, OutboardError } from '../../../errors/outboard-error.ts';
import type { Login, RegistryCredentials } from '../../registry-client.ts';
import { type AuthorizerOptions, createAuthorizer } from '../authentication/authorizer.ts';
import { createTokenCache } from '../authentication/token-cache.ts';
import { readStart } from '../connections/bounded-body.ts';
import type { Connections } from '../connections/connections.ts';
import type { Endpoint } from '../connections/endpoint.ts';
import { quoteForeignText, redactUrl } from '../failures/registry-error.ts';
import { TransientFailure } from '../failures/retry.ts';
import { createSession } from './session.ts';

/** What a login needs besides the credentials. */
export interface LogInOptions extends Pick<AuthorizerOptions, 'trustedRealms' | 'routeTo'> {
  readonly endpoint: Endpoint;
  readonly connections: Connections;
  readonly signal?: AbortSignal | undefined;
}

/** Docker Hub, under the name of its first index. */
const hubDomain = 'index.docker.io';

/**
 * The domain of a registry out of the address that Docker's configuration knows it by, such as `reg.example:5000` or
 * `https://index.docker.io/v1/`. As for Docker, a scheme is no wish: how a registry is reached is not for clients to say.
 * @throws {OutboardError} invalid
 */
export function parseServerAddress(text: string): string {
  if (text === '') return hubDomain;
  const url = /^https?:\/\//.test(text) ? text : `https://${text}`;
  // Taken as it stands: `new URL()` would drop the port 443, which may be the one of an insecure registry.
  const host = /^https?:\/\/((?:\[[0-9a-f:.]+\]|[\w.-]+)(?::\d+)?)(?:\/[^?#]*)?$/i.exec(url)?.[1];
  if (host !== undefined && URL.canParse(url)) return host;
  throw new OutboardError(
    'invalid',
    // Before an @ there may be a password.
    `invalid server address "${quoteForeignText(text.replace(/^.*@/s, '***@'))}": expected HOST, HOST:PORT or a URL`,
  );
}

/**
 * Ask a registry for nothing but its consent. Tried once, so that a wrong password locks no account.
 * No token that is at hand is used: it would prove the credentials of yesterday.
 * @throws {OutboardError} see `RegistryClient.logIn`
 */
export async function logIn(credentials: RegistryCredentials, options: LogInOptions): Promise<Login> {
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
    const answer = await session.send({
      method: 'GET',
      target,
      expect: [200],
      signal,
    });
    await readStart(answer, connections, 64 * 1024);
    refuseElsewhere(answer.url, target);
    return { identityToken };
  } catch (failure) {
    signal?.throwIfAborted();
    const error = failure instanceof TransientFailure ? failure.error : failure;
    throw isOutboardError(error, 'unauthorized') ? inDockersWords(error, await endpoint.base(signal)) : error;
  }
}

/** Another host was shown no credentials, so that its consent proves nothing. */
function refuseElsewhere(answered: URL, asked: URL): void {
  if (answered.origin === asked.origin) return;
  throw new OutboardError(
    'invalid',
    `cannot log in to ${asked.host}: it sends clients to ${redactUrl(answered)}; log in there`,
  );
}

/** Who refused: the registry itself, or its token server. */
function inDockersWords(error: OutboardError, { url: base }: { readonly url: URL }): OutboardError {
  const url = redactUrl(new URL('/v2/', base));
  const { url: refusedBy, reason } = error.details ?? {};
  const message =
    refusedBy === url
      ? `login attempt to ${url} failed with status: 401 Unauthorized`
      : `Get "${url}": unauthorized: ${withoutCode(reason) || 'authentication required'}`;
  return new OutboardError('unauthorized', message, { cause: error });
}

/** `UNAUTHORIZED: wrong password` says one thing twice here. */
function withoutCode(reason: unknown): string {
  return typeof reason === 'string' ? reason.replace(/^UNAUTHORIZED: ?/, '') : '';
}
