/**
 * The routes to a registry: its certificates, read from disk, and its proxy.
 */
import type { RegistriesConfiguration } from '../../configuration/registries-configuration.ts';
import { certificateDirectory, readHostCertificates } from '../hosts/host-certificates.ts';
import type { HostTrust } from '../hosts/registry-host.ts';
import { readStart } from './bounded-body.ts';
import type { Connections } from './connections.ts';
import type { Route } from './http-request.ts';

/**
 * Find the routes to a registry, one for each certificate of this client; at least one.
 * @param host host and port to connect to
 * @param domain the domain of references, which may differ from it
 * @throws {OutboardError} invalid or system for the files of certificates
 */
export async function findRoutes(
  host: string,
  domain: string,
  trust: HostTrust,
  configuration: RegistriesConfiguration,
): Promise<readonly Route[]> {
  const { certificateDirectories } = configuration;
  const { authorities, identities } = await readHostCertificates(
    certificateDirectories,
    host === domain ? [domain] : [domain, host],
    configuration.hostRules(domain),
  );
  const route: Route = {
    verifyTls: trust === 'strict',
    reach: 'anywhere',
    certificateDirectory: certificateDirectory(certificateDirectories, domain),
    authorities,
    proxyFor: await findProxies(configuration),
  };
  return identities.length === 0 ? [route] : identities.map((identity) => ({ ...route, identity }));
}

/** The choice of proxies, with the authorities to trust for their own certificates. */
async function findProxies({
  proxies,
  certificateDirectories,
}: RegistriesConfiguration): Promise<Route['proxyFor']> {
  if (proxies.all.length === 0) return undefined;
  const authorities = new Map<string, string | undefined>();
  for (const { url } of proxies.all) {
    const read = await readHostCertificates(certificateDirectories, [url.host]);
    authorities.set(url.host, read.authorities);
  }
  return (url) => {
    const proxy = proxies.proxyFor(url);
    return proxy && { ...proxy, authorities: authorities.get(proxy.url.host) };
  };
}

/** Answers of proxies in front of registries to a certificate that they do not accept. */
const identityRefused: ReadonlySet<number> = new Set([400, 403, 495, 496]);

/** Find the certificate of this client that a registry accepts, without credentials. @returns the first one if none is */
export async function chooseIdentity(
  connections: Connections,
  host: string,
  routes: readonly Route[],
  signal: AbortSignal | undefined,
): Promise<Route> {
  for (const route of routes) {
    try {
      const url = new URL(`https://${host}/v2/`);
      const response = await connections.exchange({ method: 'GET', url, headers: {}, route, signal });
      await readStart(response, connections, 64 * 1024);
      if (!identityRefused.has(response.status)) return route;
    } catch {
      // The next certificate is tried; the request itself reports the failure of the last one.
      signal?.throwIfAborted();
    }
  }
  const [first] = routes;
  if (first === undefined) throw new TypeError('there is no certificate to choose from');
  return first;
}
