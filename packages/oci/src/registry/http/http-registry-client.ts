/**
 * The registry client over HTTP: wires connections, authentication and the operations on repositories.
 */
import { type Cancellable, type Clock, type Random, systemClock } from '@outboard/async';
import { parseDigest } from '../../digests/digest.ts';
import { OutboardError } from '../../errors/outboard-error.ts';
import { canonicalName, canonicalString } from '../../references/format-reference.ts';
import { isRepositoryPath } from '../../references/grammar.ts';
import type { Reference } from '../../references/reference.ts';
import { parseManifestName } from '../object-name.ts';
import type {
  Login,
  RegistryAccess,
  RegistryClient,
  RegistryCredentials,
  Repository,
  RepositoryActions,
} from '../registry-client.ts';
import { createAuthorizer, repositoryScopes } from './authentication/authorizer.ts';
import type { TrustedRealm } from './authentication/realm.ts';
import { createTokenCache, type TokenCache } from './authentication/token-cache.ts';
import { openBlob, readBlob } from './blobs/fetch-blob.ts';
import { hasBlob, pushBlob } from './blobs/push-blob.ts';
import { type Connections, createConnections } from './connections/connections.ts';
import { type Base, createEndpoint, type Endpoint } from './connections/endpoint.ts';
import type { Route } from './connections/http-request.ts';
import { type StallLimits, stallLimitsFor } from './connections/stall-watch.ts';
import { defaultRetryPolicy, type RetryPolicy } from './failures/retry.ts';
import { isLoopback, reachFrom } from './hosts/addresses.ts';
import { defaultCertificateDirectories } from './hosts/certificate-authorities.ts';
import { type InsecureList, parseInsecureList, registryHost } from './hosts/registry-host.ts';
import { fetchManifest } from './manifests/fetch-manifest.ts';
import { listReferrers } from './manifests/list-referrers.ts';
import { listTags } from './manifests/list-tags.ts';
import { pushManifest } from './manifests/push-manifest.ts';
import { deleteObject } from './session/delete-object.ts';
import { logIn, parseServerAddress } from './session/log-in.ts';
import { createSession, type Session } from './session/session.ts';

/** Options of a registry client. */
export interface RegistryClientOptions {
  /**
   * Registries that may use plain HTTP or any certificate: `HOST`, `HOST:PORT` or CIDR blocks; default: those on this host.
   */
  readonly insecureRegistries?: readonly string[] | undefined;
  /** Default `outboard-oci`. */
  readonly userAgent?: string | undefined;
  /** Certificate authorities to trust instead of the built-in ones, as PEM. */
  readonly ca?: string | undefined;
  /**
   * Directories with certificates of private authorities, as `HOST[:PORT]/*.crt`; default `/etc/outboard/certs.d` and
   * `/etc/docker/certs.d`.
   */
  readonly certificateDirectories?: readonly string[] | undefined;
  /** Token servers of other hosts that may see a registry's credentials, beside those of Docker Hub and GitLab.com. */
  readonly trustedRealms?: readonly TrustedRealm[] | undefined;
  /**
   * Upper bound of the time without progress of one operation in milliseconds, all attempts together; default one
   * minute. One attempt takes at most half of it.
   */
  readonly idleTimeoutMs?: number | undefined;
  readonly retry?: RetryPolicy | undefined;
  /** Minimum speed of transfers; default 1 KiB/s over half of `idleTimeoutMs`. */
  readonly stallLimits?: StallLimits | undefined;
  readonly clock?: Clock | undefined;
  /** For the jitter of retries; default `Math.random`. */
  readonly random?: Random | undefined;
}

/**
 * Create a registry client.
 * @throws {OutboardError} invalid when an entry of `insecureRegistries` is malformed
 */
export function createRegistryClient(options: RegistryClientOptions = {}): RegistryClient {
  return new HttpRegistryClient(options);
}

class HttpRegistryClient implements RegistryClient {
  readonly #retry: RetryPolicy;
  readonly #insecure: InsecureList;
  readonly #trustedRealms: readonly TrustedRealm[];
  readonly #certificateDirectories: readonly string[];
  readonly #connections: Connections;
  readonly #tokens: TokenCache;
  readonly #endpoints = new Map<string, Endpoint>();

  constructor(options: RegistryClientOptions) {
    const { clock = systemClock, idleTimeoutMs = defaultRetryPolicy.maxIdleMs } = options;
    this.#retry = options.retry ?? { ...defaultRetryPolicy, maxIdleMs: idleTimeoutMs };
    this.#insecure = parseInsecureList(options.insecureRegistries ?? []);
    this.#trustedRealms = options.trustedRealms ?? [];
    this.#certificateDirectories = options.certificateDirectories ?? defaultCertificateDirectories;
    this.#tokens = createTokenCache(clock);
    this.#connections = createConnections({
      userAgent: options.userAgent ?? 'outboard-oci',
      clock,
      random: options.random,
      isAllowed: this.#insecure.containsAddress,
      ca: options.ca,
      stallLimits: options.stallLimits ?? stallLimitsFor(idleTimeoutMs / 2),
    });
  }

  repository(
    reference: Reference,
    actions: RepositoryActions = 'pull',
    access: RegistryAccess = {},
  ): Repository {
    for (const path of [reference.path, access.mountFrom ?? reference.path]) {
      if (isRepositoryPath(path)) continue;
      throw new OutboardError('invalid', `invalid repository path ${JSON.stringify(path.slice(0, 300))}`);
    }
    const authorizer = createAuthorizer({
      ...this.#sessionDeps(),
      tokens: this.#tokens,
      credentials: access.credentials,
      repository: reference.path,
      scopes: repositoryScopes(reference.path, actions, access.mountFrom),
    });
    const session = createSession({
      ...this.#sessionDeps(),
      endpoint: this.#endpointOf(reference.domain),
      authorizer,
      path: reference.path,
      headers: checkHeaders(access),
    });
    return createRepository(reference, session, { retry: this.#retry, mountFrom: access.mountFrom });
  }

  async logIn(
    serverAddress: string,
    credentials: RegistryCredentials,
    { signal }: Cancellable = {},
  ): Promise<Login> {
    const endpoint = this.#endpointOf(parseServerAddress(serverAddress));
    return await logIn(credentials, { ...this.#sessionDeps(), endpoint, signal });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#connections[Symbol.asyncDispose]();
  }

  #sessionDeps() {
    const routeTo = (url: URL, registry: Base) => this.#routeTo(url, registry);
    return { connections: this.#connections, trustedRealms: this.#trustedRealms, routeTo };
  }

  #endpointOf(domain: string): Endpoint {
    const known = this.#endpoints.get(domain);
    if (known !== undefined) return known;
    const endpoint = createEndpoint(domain, {
      connections: this.#connections,
      insecure: this.#insecure,
      certificateDirectories: this.#certificateDirectories,
    });
    this.#endpoints.set(domain, endpoint);
    return endpoint;
  }

  /** The route to a host that a registry named. Addresses of host names are checked when they are connected to. */
  #routeTo(url: URL, registry: Base): Route {
    const host = registryHost(url.host);
    const isListed = this.#insecure.includes(host, []);
    const isAllowed = isListed || registry.trust === 'insecure';
    return {
      ...registry.route,
      verifyTls: !isListed && !isLoopback(host.hostname),
      reach: isAllowed ? 'loopback' : reachFrom(this.#connections.addressOf(registry.url.origin)),
    };
  }
}

function createRepository(
  reference: Reference,
  session: Session,
  { retry, mountFrom }: { readonly retry: RetryPolicy; readonly mountFrom: string | undefined },
): Repository {
  const name = canonicalName(reference);
  const subjectOf = (tagOrDigest: string) =>
    canonicalString({ domain: reference.domain, path: reference.path }).concat(
      tagOrDigest.includes(':') ? '@' : ':',
      tagOrDigest.slice(0, 200),
    );
  return {
    reference,
    resolve: (tagOrDigest, options) =>
      fetchManifest(session, tagOrDigest, { ...options, subject: subjectOf(tagOrDigest), retry }),
    openBlob: (descriptor, options) => openBlob(session, descriptor, { ...options, subject: name, retry }),
    readBlob: (descriptor, options) => readBlob(session, descriptor, { ...options, subject: name, retry }),
    hasBlob: (digest, options) => hasBlob(session, digest, { ...options, retry }),
    pushBlob: (descriptor, openSource, options) =>
      pushBlob(session, descriptor, openSource, { ...options, retry, mountFrom }),
    pushManifest: (tagOrDigest, manifest, options) =>
      pushManifest(session, tagOrDigest, manifest, { ...options, retry }),
    listTags: (options) => listTags(session, { ...options, repository: name, retry }),
    referrers: (digest, options) => listReferrers(session, digest, { ...options, retry }),
    deleteManifest: async (tagOrDigest, options) => {
      const target = `manifests/${parseManifestName(tagOrDigest).text}`;
      await deleteObject(session, { ...options, target, subject: subjectOf(tagOrDigest), retry });
    },
    deleteBlob: async (digest, options) => {
      const target = `blobs/${parseDigest(digest)}`;
      await deleteObject(session, { ...options, target, subject: `${name}@${digest}`, retry });
    },
  };
}

/** Headers that frame the message or name the host: with them a caller could smuggle a second request. */
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
