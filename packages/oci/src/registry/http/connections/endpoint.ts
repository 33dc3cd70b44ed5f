/**
 * Determines the scheme of a registry: HTTPS first, plain HTTP only where it is allowed and HTTPS does not respond. The
 * result is cached; a registry that used HTTPS once is never contacted by plain HTTP again.
 */
import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { OutboardError } from '../../../errors/outboard-error.ts';
import type {
  RegistriesConfiguration,
  RepositoryEndpoint,
} from '../../configuration/registries-configuration.ts';
import { isTlsAlert, TransientFailure } from '../failures/retry.ts';
import { type HostTrust, registryHost, trustOf } from '../hosts/registry-host.ts';
import { readStart } from './bounded-body.ts';
import type { Connections } from './connections.ts';
import { chooseIdentity, findRoutes } from './find-routes.ts';
import type { Route } from './http-request.ts';

/** Base URL of a registry, and how to connect to it. */
export interface Base {
  /** Scheme, host and port, with the path `/`. */
  readonly url: URL;
  readonly route: Route;
  readonly trust: HostTrust;
}

/** One registry. */
export interface Endpoint {
  /** The domain of the references, such as `docker.io`. */
  readonly domain: string;
  /**
   * The base URL for requests.
   * @throws {OutboardError} unavailable when neither scheme answers
   */
  base(signal?: AbortSignal): Promise<Base>;
  /** Report a failed connection: HTTPS is tried again before plain HTTP, and certificates are read again. */
  connectionFailed(): void;
}

/** Parts of an endpoint. */
export interface EndpointDeps {
  readonly connections: Connections;
  readonly configuration: RegistriesConfiguration;
}

/** A host as the configuration names it. */
export type EndpointTarget = Pick<RepositoryEndpoint, 'domain' | 'insecure' | 'plainHttp'>;

/** Create the endpoint of a registry; nothing is sent before `base()`. */
export function createEndpoint(target: EndpointTarget, options: EndpointDeps): Endpoint {
  const { connections, configuration } = options;
  const { domain, insecure, plainHttp } = target;
  const host = registryHost(domain);
  let trust: HostTrust | undefined;
  let scheme: 'https' | 'http' | undefined = plainHttp ? 'http' : undefined;
  let routes: readonly Route[] | undefined;

  async function findTrust(): Promise<HostTrust> {
    if (insecure || plainHttp) return 'insecure';
    const list = configuration.insecure;
    const mustResolve = list.hasBlocks && isIP(host.hostname) === 0 && host.hostname !== 'localhost';
    return trustOf(host, list, mustResolve ? await addressesOf(host.hostname) : []);
  }

  return {
    domain,
    async base(signal) {
      trust ??= await findTrust();
      routes ??= await findRoutes(host.host, domain, trust, configuration);
      const [route] = routes;
      if (route === undefined) throw new TypeError('an endpoint has at least one route');
      scheme ??= trust === 'strict' ? 'https' : await probe(connections, host.host, route, signal);
      if (routes.length > 1) routes = [await chooseIdentity(connections, host.host, routes, signal)];
      return { url: new URL(`${scheme}://${host.host}/`), route: routes[0] ?? route, trust };
    },
    connectionFailed() {
      if (scheme === 'http' && !plainHttp) scheme = undefined;
      routes = undefined;
    },
  };
}

async function addressesOf(hostname: string): Promise<string[]> {
  try {
    return (await lookup(hostname, { all: true })).map(({ address }) => address);
  } catch {
    return []; // an unresolvable name is in no block; connecting reports the error
  }
}

/** Find the scheme, without credentials: no password is sent before the scheme is known. */
async function probe(
  connections: Connections,
  host: string,
  route: Route,
  signal: AbortSignal | undefined,
): Promise<'https' | 'http'> {
  const ask = async (scheme: 'https' | 'http') => {
    const url = new URL(`${scheme}://${host}/v2/`);
    const response = await connections.exchange({
      method: 'GET',
      url,
      headers: {},
      route,
      signal,
    });
    await readStart(response, connections, 64 * 1024);
    if (scheme === 'http' && response.status === 400) throw speaksTls(host);
    return scheme;
  };
  try {
    return await ask('https');
  } catch (httpsFailure) {
    signal?.throwIfAborted();
    if (isTlsRefusal(httpsFailure)) throw httpsFailure;
    return await ask('http').catch((httpFailure: unknown) => {
      signal?.throwIfAborted();
      throw bothFailed(host, httpsFailure, httpFailure);
    });
  }
}

/** Servers of TLS answer requests in plain HTTP with 400. */
function speaksTls(host: string): OutboardError {
  return new OutboardError('unavailable', `${host} refuses plain HTTP, as a server of TLS does`);
}

/** True if the server speaks TLS, and refused this client in it: plain HTTP would be of no use, and less safe. */
function isTlsRefusal(failure: unknown): boolean {
  const error = failure instanceof TransientFailure ? failure.error.cause : failure;
  return isTlsAlert(error);
}

function bothFailed(host: string, https: unknown, http: unknown): Error {
  const text = (error: unknown) => (error instanceof Error ? error.message : String(error));
  const error = new OutboardError(
    'unavailable',
    `registry "${host}" cannot be reached: ${text(http)}; HTTPS was tried before: ${text(https)}`,
    { cause: http instanceof TransientFailure ? http.error : http },
  );
  if (!(http instanceof TransientFailure)) return error;
  return new TransientFailure(error, {
    idleMs: http.idleMs + (https instanceof TransientFailure ? https.idleMs : 0),
  });
}
