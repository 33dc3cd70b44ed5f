/**
 * Connection pools of the HTTP library, with the TLS and address rules of one route.
 */
import { type LookupAddress, type LookupOptions, lookup as resolveName } from 'node:dns';
import { createSecureContext, rootCertificates, type SecureContext } from 'node:tls';
import { Agent, buildConnector } from 'undici';
import type { ClientIdentity } from '../hosts/host-certificates.ts';
import { connectTimeoutMs, outOfReachCode } from './connect-rules.ts';
import type { Route, RouteProxy } from './http-request.ts';
import { proxyFault } from './proxy-refusal.ts';
import { connectThrough } from './proxy-tunnel.ts';

/** Settings of an agent beside its route. */
export interface AgentDeps {
  /** Certificates to trust instead of the built-in ones, as PEM. */
  readonly ca: string | undefined;
  /** Undefined for direct connections. */
  readonly proxy: (RouteProxy & { readonly tunnels: boolean }) | undefined;
  /** True if the route may use an address. */
  readonly mayReach: (address: string) => boolean;
  /** Called for each connection with the requested origin and the address of the peer. */
  readonly onConnect: (origin: string, address: string) => void;
  /** Called for the first error of an open connection: the library reports the last one. */
  readonly onError: (origin: string, error: Error) => void;
}

/** Create the connection pool of one route. */
export function createAgent(route: Route, options: AgentDeps): Agent {
  const { proxy, ca } = options;
  const direct = buildConnector({
    timeout: connectTimeoutMs,
    rejectUnauthorized: route.verifyTls,
    ...secureContextOf(ca, route.authorities, route.identity),
    // A proxy resolves names itself.
    ...(route.reach === 'anywhere' || proxy !== undefined ? {} : { lookup: guardedLookup(options.mayReach) }),
  });
  const connect = proxy === undefined ? direct : connectorOf(proxy, ca, direct);
  return new Agent({
    headersTimeout: 0, // exchange-scope.ts watches the progress, on an injected clock
    bodyTimeout: 0,
    keepAliveTimeout: 15_000,
    maxHeaderSize: 64 * 1024,
    connect(target, callback) {
      connect(target, (...result) => {
        const origin = `${target.protocol}//${target.host}`;
        const address = result[1]?.remoteAddress;
        if (address !== undefined) options.onConnect(origin, address);
        result[1]?.once('error', (error) => options.onError(origin, error));
        callback(...result);
      });
    },
  });
}

/** A connector to a proxy itself, for requests without TLS, or one that tunnels through it. */
function connectorOf(
  proxy: RouteProxy & { readonly tunnels: boolean },
  ca: string | undefined,
  direct: buildConnector.connector,
): buildConnector.connector {
  const tls = secureContextOf(ca, proxy.authorities);
  if (proxy.tunnels) return connectThrough(proxy, tls, direct);
  const connect = buildConnector({ timeout: connectTimeoutMs, ...tls });
  return (target, callback) =>
    connect(target, (...result) => {
      if (result[0] === null) callback(...result);
      else callback(proxyFault(proxy, result[0]), null);
    });
}

/** Created once: parsing all authorities takes longer than connecting. */
function secureContextOf(
  ca: string | undefined,
  authorities: string | undefined,
  identity?: ClientIdentity,
): { readonly secureContext?: SecureContext } {
  if (ca === undefined && authorities === undefined && identity === undefined) return {};
  const builtIn = ca === undefined ? rootCertificates : [ca];
  const all = authorities === undefined ? [...builtIn] : [...builtIn, authorities];
  const own = identity && { cert: identity.certificate, key: identity.key };
  return { secureContext: createSecureContext({ ca: all, ...own }) };
}

type LookupCallback = (
  error: NodeJS.ErrnoException | null,
  address: string | LookupAddress[],
  family?: number,
) => void;

/** Resolves names to allowed addresses only: a public name may resolve to a private service. */
function guardedLookup(mayReach: (address: string) => boolean) {
  return (hostname: string, options: LookupOptions, callback: LookupCallback): void => {
    resolveName(hostname, { ...options, all: true }, (error, addresses) => {
      if (error !== null) {
        callback(error, []);
        return;
      }
      const allowed = addresses.filter(({ address }) => mayReach(address));
      const first = allowed[0];
      if (first === undefined) {
        callback(Object.assign(new Error(`${hostname} is out of reach`), { code: outOfReachCode }), []);
      } else if (options.all) {
        callback(null, allowed);
      } else {
        callback(null, first.address, first.family);
      }
    });
  };
}
