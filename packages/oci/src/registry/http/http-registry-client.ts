/**
 * The registry client: wires connections, authentication and the operations on repositories.
 */
import { type Clock, type Random, systemClock } from '@outboard/async';
import { OutboardError } from '../../errors/outboard-error.ts';
import { canonicalName, canonicalString } from '../../references/format-reference.ts';
import { isRepositoryPath } from '../../references/grammar.ts';
import type { Reference } from '../../references/reference.ts';
import type { RegistryAccess, RegistryClient, Repository } from '../registry-client.ts';
import { createAuthorizer, repositoryScopes } from './authentication/authorizer.ts';
import type { TrustedRealm } from './authentication/realm.ts';
import { createTokenCache } from './authentication/token-cache.ts';
import { openBlob, readBlob } from './blobs/fetch-blob.ts';
import { hasBlob, pushBlob } from './blobs/push-blob.ts';
import { createConnections } from './connections/connections.ts';
import { type Base, createEndpoint, type Endpoint } from './connections/endpoint.ts';
import type { Route } from './connections/http-request.ts';
import { type StallLimits, stallLimitsFor } from './connections/stall-watch.ts';
import { defaultRetryPolicy, type RetryPolicy } from './failures/retry.ts';
import { isLoopback, reachFrom } from './hosts/addresses.ts';
import { defaultCertificateDirectories } from './hosts/certificate-authorities.ts';
import { parseInsecureList, registryHost } from './hosts/registry-host.ts';
import { fetchManifest } from './manifests/fetch-manifest.ts';
import { pushManifest } from './manifests/push-manifest.ts';
import { logIn, parseServerAddress } from './session/log-in.ts';
import { createSession, type Session } from './session/session.ts';

/** How a registry client behaves. */
export interface RegistryClientOptions {
  /** Registries that may be reached by plain HTTP or with any certificate: `HOST`, `HOST:PORT` or CIDR blocks. */
  readonly insecureRegistries: readonly string[];
  readonly userAgent: string;
  /** Certificate authorities to trust instead of the built-in ones, as PEM. */
  readonly ca?: string | undefined;
  /**
   * Folders with the certificates of private authorities, as `HOST[:PORT]/*.crt`; default `/etc/outboard/certs.d` and
   * `/etc/docker/certs.d`.
   */
  readonly certificateDirectories?: readonly string[] | undefined;
  /** Token servers of other hosts that may see a registry's credentials; Docker Hub's and GitLab.com's are known. */
  readonly trustedRealms?: readonly TrustedRealm[] | undefined;
  /**
   * How long a registry may send or take nothing before an operation fails, in milliseconds, all tries together;
   * default a minute. One try takes half of it at most.
   */
  readonly idleTimeoutMs?: number | undefined;
  readonly retry?: RetryPolicy | undefined;
  /** When a transfer counts as stuck; default half of `idleTimeoutMs` below 1 KiB/s. */
  readonly stallLimits?: StallLimits | undefined;
  readonly clock?: Clock | undefined;
  /** For the jitter of retries; default `Math.random`. */
  readonly random?: Random | undefined;
}

/**
 * Create a registry client.
 * @throws {OutboardError} invalid when an entry of `insecureRegistries` is malformed
 */
export function createRegistryClient(options: RegistryClientOptions): RegistryClient {
  const clock = options.clock ?? systemClock;
  const { idleTimeoutMs = defaultRetryPolicy.maxIdleMs } = options;
  const retry = options.retry ?? { ...defaultRetryPolicy, maxIdleMs: idleTimeoutMs };
  const insecure = parseInsecureList(options.insecureRegistries);
  const tokens = createTokenCache(clock);
  const connections = createConnections({
    userAgent: options.userAgent,
    clock,
    random: options.random,
    isAllowed: insecure.holds,
    ca: options.ca,
    stallLimits: options.stallLimits ?? stallLimitsFor(idleTimeoutMs / 2),
  });
  const certificateDirectories = options.certificateDirectories ?? defaultCertificateDirectories;
  const endpoints = new Map<string, Endpoint>();

  function endpointOf(domain: string): Endpoint {
    const known = endpoints.get(domain);
    if (known !== undefined) return known;
    const endpoint = createEndpoint(domain, { connections, insecure, certificateDirectories });
    endpoints.set(domain, endpoint);
    return endpoint;
  }

  // The list decides by name here; an address that a name resolves to is judged when it is connected to.
  function routeTo(url: URL, registry: Base): Route {
    const host = registryHost(url.host);
    const isListed = insecure.includes(host, []);
    const isAllowed = isListed || registry.trust === 'insecure';
    return {
      ...registry.route,
      verifyTls: !isListed && !isLoopback(host.hostname),
      reach: isAllowed ? 'loopback' : reachFrom(connections.addressOf(registry.url.origin)),
    };
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
        signal,
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
