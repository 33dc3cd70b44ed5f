/**
 * The registry client: wires connections, authentication and the operations on repositories.
 */
import { OutboardError } from '../errors.ts';
import { canonicalName, canonicalString } from '../references/format-reference.ts';
import { isRepositoryPath } from '../references/grammar.ts';
import type { Reference } from '../references/reference.ts';
import { createAuthorizer, repositoryScopes } from './authentication/authorizer.ts';
import type { TrustedRealm } from './authentication/realm.ts';
import { createTokenCache } from './authentication/token-cache.ts';
import { type Clock, systemClock } from './clock.ts';
import { createConnections } from './connections.ts';
import { createEndpoint, type Endpoint } from './endpoint.ts';
import { openBlob, readBlob } from './fetch-blob.ts';
import { fetchManifest } from './fetch-manifest.ts';
import type { Route } from './http-request.ts';
import { logIn, parseServerAddress } from './log-in.ts';
import { hasBlob, pushBlob } from './push-blob.ts';
import { pushManifest } from './push-manifest.ts';
import { parseInsecureList, registryHost } from './registry-host.ts';
import type { RegistryAccess, RegistryClient, Repository } from './repository.ts';
import { defaultRetryPolicy, type RetryPolicy } from './retry.ts';
import { createSession, type Session } from './session.ts';
import type { StallLimits } from './stall-watch.ts';

/** How a registry client behaves. */
export interface RegistryClientOptions {
  /** Registries that may be reached by plain HTTP or with any certificate: `HOST`, `HOST:PORT` or CIDR blocks. */
  readonly insecureRegistries: readonly string[];
  readonly userAgent: string;
  /** Certificate authorities to trust instead of the built-in ones, as PEM. */
  readonly ca?: string;
  /** Token servers of other hosts that may see a registry's credentials; Docker Hub's and GitLab.com's are known. */
  readonly trustedRealms?: readonly TrustedRealm[];
  readonly retry?: RetryPolicy;
  /** When a transfer counts as stuck; default 30 seconds below 1 KiB/s. */
  readonly stallLimits?: StallLimits;
  readonly clock?: Clock;
}

/**
 * Create a registry client.
 * @throws {OutboardError} invalid when an entry of `insecureRegistries` is malformed
 */
export function createRegistryClient(options: RegistryClientOptions): RegistryClient {
  const clock = options.clock ?? systemClock;
  const retry = options.retry ?? defaultRetryPolicy;
  const insecure = parseInsecureList(options.insecureRegistries);
  const tokens = createTokenCache(clock);
  const connections = createConnections({
    userAgent: options.userAgent,
    clock,
    ...(options.ca === undefined ? {} : { ca: options.ca }),
    ...(options.stallLimits === undefined ? {} : { stallLimits: options.stallLimits }),
  });
  const endpoints = new Map<string, Endpoint>();

  function endpointOf(domain: string): Endpoint {
    const known = endpoints.get(domain);
    if (known !== undefined) return known;
    const endpoint = createEndpoint(domain, connections, insecure);
    endpoints.set(domain, endpoint);
    return endpoint;
  }

  // By name only: a host that a registry named is never resolved to find out whether it may be insecure.
  function routeTo(url: URL): Route {
    return { verifyTls: !insecure.includes(registryHost(url.host), []), foreign: true };
  }

  return {
    repository(reference, actions, access = {}) {
      if (!isRepositoryPath(reference.path)) {
        throw new OutboardError(
          'invalid',
          `invalid repository path ${JSON.stringify(reference.path.slice(0, 300))}`,
        );
      }
      const authorizer = createAuthorizer({
        connections,
        tokens,
        credentials: access.credentials,
        scopes: repositoryScopes(reference.path, actions),
        trustedRealms: options.trustedRealms ?? [],
        routeTo,
      });
      const session = createSession({
        endpoint: endpointOf(reference.domain),
        connections,
        authorizer,
        path: reference.path,
        headers: checkHeaders(access),
        routeTo,
      });
      return createRepository(reference, session, retry);
    },
    logIn: async (serverAddress, credentials, { signal } = {}) =>
      await logIn(credentials, {
        endpoint: endpointOf(parseServerAddress(serverAddress)),
        connections,
        trustedRealms: options.trustedRealms ?? [],
        routeTo,
        ...(signal ? { signal } : {}),
      }),
    [Symbol.asyncDispose]: () => connections[Symbol.asyncDispose](),
  };
}

function createRepository(reference: Reference, session: Session, retry: RetryPolicy): Repository {
  const name = canonicalName(reference);
  return {
    reference,
    resolve: (tagOrDigest, options) => {
      const subject = canonicalString({
        domain: reference.domain,
        path: reference.path,
      }).concat(tagOrDigest.includes(':') ? '@' : ':', tagOrDigest.slice(0, 200));
      return fetchManifest(session, tagOrDigest, { ...options, subject, retry });
    },
    openBlob: (descriptor, options) => openBlob(session, descriptor, { ...options, subject: name, retry }),
    readBlob: (descriptor, options) => readBlob(session, descriptor, { ...options, subject: name, retry }),
    hasBlob: (digest, options) => hasBlob(session, digest, { ...options, retry }),
    pushBlob: (descriptor, openSource, options) =>
      pushBlob(session, descriptor, openSource, { ...options, retry }),
    pushManifest: (tagOrDigest, manifest, options) =>
      pushManifest(session, tagOrDigest, manifest, { ...options, retry }),
  };
}

// Headers that frame the message or name the host would let a caller smuggle another request into this one.
const reservedHeaders =
  /^(?:host|connection|content-length|content-encoding|transfer-encoding|expect|upgrade|keep-alive|te|trailer|range)$/i;

function checkHeaders(access: RegistryAccess): Readonly<Record<string, string>> {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(access.headers ?? {})) {
    if (reservedHeaders.test(name) || !/^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(name)) {
      throw new OutboardError('invalid', `invalid extra header name ${JSON.stringify(name.slice(0, 200))}`);
    }
    if (!/^[\t\x20-\x7e\x80-\xff]*$/.test(value)) {
      throw new OutboardError(
        'invalid',
        `invalid value of extra header ${JSON.stringify(name)}: want one line of text`,
      );
    }
    headers[name.toLowerCase()] = value;
  }
  return headers;
}
