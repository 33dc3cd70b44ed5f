/**
 * The registry client over HTTP: wires connections, authentication and the operations on repositories.
 */
import { type Cancellable, type Clock, type Random, systemClock } from '@outboard/async';
import { OutboardError } from '../../errors/outboard-error.ts';
import { canonicalName } from '../../references/format-reference.ts';
import { isRepositoryPath } from '../../references/grammar.ts';
import type { Reference } from '../../references/reference.ts';
import { readAuthFile } from '../configuration/auth-file.ts';
import {
  createRegistriesConfiguration,
  type RegistriesConfiguration,
  type RepositoryEndpoint,
} from '../configuration/registries-configuration.ts';
import { hostKey } from '../configuration/registry-prefix.ts';
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
import { type Connections, createConnections } from './connections/connections.ts';
import { type Base, createEndpoint, type Endpoint, type EndpointTarget } from './connections/endpoint.ts';
import type { Route } from './connections/http-request.ts';
import { type StallLimits, stallLimitsFor } from './connections/stall-watch.ts';
import { defaultRetryPolicy, type RetryPolicy } from './failures/retry.ts';
import { isLoopback, reachFrom } from './hosts/addresses.ts';
import { registryHost } from './hosts/registry-host.ts';
import { createRepository } from './http-repository.ts';
import { deferSession } from './session/deferred-session.ts';
import { fetchFile } from './session/fetch-file.ts';
import { logIn, parseServerAddress } from './session/log-in.ts';
import { createMirrorFailures, type MirrorFailures, type PullSources } from './session/mirrored-session.ts';
import { refuseBlocked } from './session/refuse-blocked.ts';
import { createSession, type Session } from './session/session.ts';

/** Options of a registry client. */
export interface RegistryClientOptions {
  /**
   * Mirrors, blocked and insecure hosts, certificates, token servers and proxies: a value, or a function whose result may
   * change between operations. Default: made of the next three options.
   */
  readonly configuration?: RegistriesConfiguration | (() => RegistriesConfiguration) | undefined;
  /**
   * Registries that may use plain HTTP or any certificate: `HOST`, `HOST:PORT` or CIDR blocks; default: those on this host.
   */
  readonly insecureRegistries?: readonly string[] | undefined;
  /** Default `outboard-oci`. */
  readonly userAgent?: string | undefined;
  /** Certificate authorities to trust instead of the built-in ones, as PEM. */
  readonly ca?: string | undefined;
  /**
   * Directories with certificates for hosts, as `HOST[:PORT]/*.crt`; default `/etc/outboard/certs.d`,
   * `/etc/docker/certs.d` and `/etc/containers/certs.d`.
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
  readonly #configuration: () => RegistriesConfiguration;
  readonly #connections: Connections;
  readonly #tokens: TokenCache;
  readonly #mirrorFailures: MirrorFailures;
  /** Endpoints by their settings; those of a configuration end with it. */
  readonly #endpoints = new WeakMap<RegistriesConfiguration, Map<string, Endpoint>>();

  constructor(options: RegistryClientOptions) {
    const { clock = systemClock, idleTimeoutMs = defaultRetryPolicy.maxIdleMs } = options;
    this.#retry = options.retry ?? { ...defaultRetryPolicy, maxIdleMs: idleTimeoutMs };
    this.#configuration = configurationOf(options);
    this.#tokens = createTokenCache(clock);
    this.#mirrorFailures = createMirrorFailures(clock);
    this.#connections = createConnections({
      userAgent: options.userAgent ?? 'outboard-oci',
      clock,
      random: options.random,
      isAllowed: (address) => this.#configuration().insecure.containsAddress(address),
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
    const configuration = this.#configuration();
    const location = configuration.locate(reference);
    refuseBlocked(canonicalName(reference), location.blockedBy);
    const open = (endpoint: RepositoryEndpoint) => {
      const openWith = (own: RegistryAccess) => this.#openSession(configuration, endpoint, actions, own);
      // Credentials and extra headers are for the registry in the name.
      if (hostKey(endpoint.domain) === hostKey(reference.domain)) return openWith(access);
      const { authFile } = configuration.hostRules(endpoint.domain);
      if (authFile === undefined) return openWith({});
      return deferSession(this.#connections, async () =>
        openWith({ credentials: await readAuthFile(authFile, endpoint) }),
      );
    };
    // A push goes to the registry in the name, and what it compares with must be what that registry holds.
    const sources: PullSources =
      actions === 'pull'
        ? {
            mirrors: location.mirrors.map((mirror) => ({
              name: `${mirror.domain}/${mirror.path}`,
              use: mirror.use,
              session: open(mirror),
            })),
            upstream: open(location.upstream),
            failures: this.#mirrorFailures,
          }
        : { mirrors: [], upstream: open(location.registry), failures: this.#mirrorFailures };
    return createRepository(reference, sources, { retry: this.#retry, mountFrom: access.mountFrom });
  }

  async logIn(
    serverAddress: string,
    credentials: RegistryCredentials,
    { signal }: Cancellable = {},
  ): Promise<Login> {
    const configuration = this.#configuration();
    const domain = parseServerAddress(serverAddress);
    const rules = configuration.hostRules(domain);
    refuseBlocked(domain, rules.blockedBy);
    const endpoint = this.#endpointOf(configuration, { ...rules, domain });
    return await logIn(credentials, { ...this.#sessionDeps(configuration), endpoint, signal });
  }

  async fetchFile(
    url: URL,
    options: Cancellable & { readonly maxBytes: number },
  ): Promise<Buffer | undefined> {
    const configuration = this.#configuration();
    return await fetchFile(url, {
      ...options,
      configuration,
      connections: this.#connections,
      retry: this.#retry,
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#connections[Symbol.asyncDispose]();
  }

  #openSession(
    configuration: RegistriesConfiguration,
    endpoint: RepositoryEndpoint,
    actions: RepositoryActions,
    access: RegistryAccess,
  ): Session {
    const deps = this.#sessionDeps(configuration);
    const { path } = endpoint;
    if (!isRepositoryPath(path)) {
      throw new OutboardError('invalid', `invalid repository path ${JSON.stringify(path.slice(0, 300))}`);
    }
    const authorizer = createAuthorizer({
      ...deps,
      tokens: this.#tokens,
      credentials: access.credentials,
      repository: path,
      scopes: repositoryScopes(path, actions, access.mountFrom),
    });
    const headers = checkHeaders(access);
    return createSession({
      ...deps,
      endpoint: this.#endpointOf(configuration, endpoint),
      authorizer,
      path,
      headers,
    });
  }

  #sessionDeps(configuration: RegistriesConfiguration) {
    const routeTo = (url: URL, registry: Base) => this.#routeTo(configuration, url, registry);
    return { connections: this.#connections, trustedRealms: configuration.tokenServers, routeTo };
  }

  #endpointOf(configuration: RegistriesConfiguration, target: EndpointTarget): Endpoint {
    const endpoints = this.#endpoints.get(configuration) ?? new Map<string, Endpoint>();
    this.#endpoints.set(configuration, endpoints);
    const key = `${target.domain} ${target.insecure} ${target.plainHttp}`;
    const endpoint =
      endpoints.get(key) ?? createEndpoint(target, { connections: this.#connections, configuration });
    endpoints.set(key, endpoint);
    return endpoint;
  }

  /** The route to a host that a registry named. Addresses of host names are checked when they are connected to. */
  #routeTo(configuration: RegistriesConfiguration, url: URL, registry: Base): Route {
    const host = registryHost(url.host);
    refuseBlocked(url.host, configuration.hostRules(url.host).blockedBy);
    const isListed = configuration.insecure.includes(host, []);
    const isAllowed = isListed || registry.trust === 'insecure';
    return {
      ...registry.route,
      identity: undefined, // for the registry's own host
      verifyTls: !isListed && !isLoopback(host.hostname),
      reach: isAllowed ? 'loopback' : reachFrom(this.#connections.addressOf(registry.url.origin)),
    };
  }
}

function configurationOf(options: RegistryClientOptions): () => RegistriesConfiguration {
  const { configuration, insecureRegistries, certificateDirectories, trustedRealms } = options;
  if (typeof configuration === 'function') return configuration;
  const fixed =
    configuration ??
    createRegistriesConfiguration({
      insecureRegistries,
      certificateDirectories,
      tokenServers: trustedRealms,
    });
  return () => fixed;
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
