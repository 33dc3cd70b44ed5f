/**
 * Connection pools of the HTTP library, with the TLS and address rules of one route.
 */
import { type LookupAddress, type LookupOptions, lookup as resolveName } from 'node:dns';
import { Agent } from 'undici';
import { isLinkLocal } from './addresses.ts';
import type { Route } from './http-request.ts';

const connectTimeoutMs = 30_000;

/** @param ca certificates to trust instead of the system's, as PEM */
export function createAgent(route: Route, ca: string | undefined): Agent {
  return new Agent({
    headersTimeout: 0, // progress is watched by this module, on an injected clock
    bodyTimeout: 0,
    keepAliveTimeout: 15_000,
    maxHeaderSize: 64 * 1024,
    connect: {
      timeout: connectTimeoutMs,
      rejectUnauthorized: route.verifyTls,
      ...(ca === undefined ? {} : { ca }),
      ...(route.foreign ? { lookup: lookupGuarded } : {}),
    },
  });
}

type LookupCallback = (
  error: NodeJS.ErrnoException | null,
  address: string | LookupAddress[],
  family?: number,
) => void;

// A public name may resolve to a metadata service; the address that is connected to is the one to check.
function lookupGuarded(hostname: string, options: LookupOptions, callback: LookupCallback): void {
  resolveName(hostname, { ...options, all: true }, (error, addresses) => {
    if (error !== null) {
      callback(error, []);
      return;
    }
    const allowed = addresses.filter(({ address }) => !isLinkLocal(address));
    const first = allowed[0];
    if (first === undefined) {
      callback(Object.assign(new Error(`${hostname} is a link-local address`), { code: 'ENOTFOUND' }), []);
    } else if (options.all) {
      callback(null, allowed);
    } else {
      callback(null, first.address, first.family);
    }
  });
}
