/**
 * Connection pools of the HTTP library, with the TLS and address rules of one route.
 */
import { type LookupAddress, type LookupOptions, lookup as resolveName } from 'node:dns';
import { createSecureContext, rootCertificates } from 'node:tls';
import { Agent, buildConnector } from 'undici';
import { connectTimeoutMs, outOfReachCode } from './connect-rules.ts';
import type { Route } from './http-request.ts';

/** What an agent needs to know beside its route. */
export interface AgentOptions {
  /** Certificates to trust instead of the built-in ones, as PEM. */
  readonly ca: string | undefined;
  /** Whether the route may lead to an address. */
  readonly mayReach: (address: string) => boolean;
  /** Told of each connection: the origin that was asked for, and the address that it is at. */
  readonly onConnect: (origin: string, address: string) => void;
}

export function createAgent(route: Route, options: AgentOptions): Agent {
  const { authorities } = route;
  const builtIn = options.ca === undefined ? rootCertificates : [options.ca];
  const isDefault = authorities === undefined && options.ca === undefined;
  const ca = authorities === undefined ? [...builtIn] : [...builtIn, authorities];
  const connect = buildConnector({
    timeout: connectTimeoutMs,
    rejectUnauthorized: route.verifyTls,
    // Made once: reading all authorities takes longer than a connection does.
    ...(isDefault ? {} : { secureContext: createSecureContext({ ca }) }),
    ...(route.reach === 'anywhere' ? {} : { lookup: guardedLookup(options.mayReach) }),
  });
  return new Agent({
    headersTimeout: 0, // progress is watched by this module, on an injected clock
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

// A public name may resolve to a private service; the address that is connected to is the one to check.
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
