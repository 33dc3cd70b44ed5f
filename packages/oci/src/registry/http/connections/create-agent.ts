/**
 * Connection pools of the HTTP library, with the TLS and address rules of one route.
 */
import { type LookupAddress, type LookupOptions, lookup as resolveName } from 'node:dns';
import { createSecureContext, rootCertificates } from 'node:tls';
import { Agent, buildConnector } from 'undici';
import { connectTimeoutMs, outOfReachCode } from './connect-rules.ts';
import type { Route } from './http-request.ts';

/** Settings of an agent beside its route. */
export interface AgentDeps {
  /** Certificates to trust instead of the built-in ones, as PEM. */
  readonly ca: string | undefined;
  /** True if the route may use an address. */
  readonly mayReach: (address: string) => boolean;
  /** Called for each connection with the requested origin and the address of the peer. */
  readonly onConnect: (origin: string, address: string) => void;
}

/** Create the connection pool of one route. */
export function createAgent(route: Route, options: AgentDeps): Agent {
  const { authorities } = route;
  const builtIn = options.ca === undefined ? rootCertificates : [options.ca];
  const isDefault = authorities === undefined && options.ca === undefined;
  const ca = authorities === undefined ? [...builtIn] : [...builtIn, authorities];
  const connect = buildConnector({
    timeout: connectTimeoutMs,
    rejectUnauthorized: route.verifyTls,
    // Created once: parsing all authorities takes longer than connecting.
    ...(isDefault ? {} : { secureContext: createSecureContext({ ca }) }),
    ...(route.reach === 'anywhere' ? {} : { lookup: guardedLookup(options.mayReach) }),
  });
  return new Agent({
    headersTimeout: 0, // exchange-scope.ts watches the progress, on an injected clock
    bodyTimeout: 0,
    keepAliveTimeout: 15_000,
    maxHeaderSize: 64 * 1024,
    connect(target, callback) {
      connect(target, (...result) => {
        const address = result[1]?.remoteAddress;
        if (address !== undefined) options.onConnect(`${target.protocol}//${target.host}`, address);
        callback(...result);
      });
    },
  });
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
