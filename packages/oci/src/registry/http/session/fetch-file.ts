/**
 * Fetches small files that the operator placed beside the registries, such as signatures, over the same routes: certificates,
 * proxies and blocked hosts are those of registries. No credentials are sent.
 */
import type { Cancellable } from '@outboard/async';
import { OutboardError } from '../../../errors/outboard-error.ts';
import type { RegistriesConfiguration } from '../../configuration/registries-configuration.ts';
import { readBounded, readStart } from '../connections/bounded-body.ts';
import type { Connections, HttpResponse } from '../connections/connections.ts';
import { findRoutes } from '../connections/find-routes.ts';
import type { Route } from '../connections/http-request.ts';
import { redactUrl, unexpectedStatus } from '../failures/registry-error.ts';
import { isTransientStatus, type RetryPolicy, TransientFailure, withRetries } from '../failures/retry.ts';
import { reachFrom } from '../hosts/addresses.ts';
import { registryHost, trustOf } from '../hosts/registry-host.ts';
import { followLocation, isRedirect, maxRedirects } from './redirect.ts';
import { refuseBlocked } from './refuse-blocked.ts';

/** Parts and limits of a fetch. */
export interface FetchFileOptions extends Cancellable {
  readonly connections: Connections;
  readonly configuration: RegistriesConfiguration;
  readonly retry: RetryPolicy;
  readonly maxBytes: number;
}

/** Bytes of an error's body that are quoted. */
const quotedBytes = 4096;

/**
 * Fetch a file whole.
 * @param url `http:` or `https:`; the operator named it
 * @returns undefined when the server has none (404)
 * @throws {OutboardError} invalid when it has more than `maxBytes`; forbidden for a blocked host, and for a redirect that leaves
 *   HTTPS or the networks that the server itself is in; unavailable and others by the status
 */
export async function fetchFile(url: URL, options: FetchFileOptions): Promise<Buffer | undefined> {
  const { retry, connections, signal, maxBytes } = options;
  return await withRetries(retry, connections, signal, async () => {
    const response = await follow(url, options);
    if (response.status === 200) return await readBounded(response, connections, maxBytes, 'file');
    const body = await readStart(response, connections, quotedBytes);
    if (response.status === 404) return undefined;
    const error = unexpectedStatus({ ...response, body }, '', 'another server');
    throw isTransientStatus(response.status) ? new TransientFailure(error) : error;
  });
}

async function follow(first: URL, options: FetchFileOptions): Promise<HttpResponse> {
  const { connections, signal } = options;
  let url = first;
  for (let count = 0; count <= maxRedirects; count++) {
    const route = await routeTo(url, first, options);
    const response = await connections.exchange({ method: 'GET', url, headers: {}, route, signal });
    if (!isRedirect(response.status)) return response;
    await readStart(response, connections, quotedBytes);
    url = followLocation(url, response.headers.get('location'));
  }
  throw new OutboardError('invalid', `${redactUrl(first)} is redirected more than ${maxRedirects} times`);
}

/** The operator named the first host; the others were named by a server, and are within its reach. */
async function routeTo(
  url: URL,
  first: URL,
  { configuration, connections }: FetchFileOptions,
): Promise<Route> {
  refuseBlocked(url.host, configuration.hostRules(url.host).blockedBy);
  const trust = trustOf(registryHost(url.host), configuration.insecure, []);
  const [route] = await findRoutes(url.host, url.host, trust, configuration);
  if (route === undefined) throw new TypeError('a host has at least one route');
  if (url.origin === first.origin) return route;
  return { ...route, identity: undefined, reach: reachFrom(connections.addressOf(first.origin)) };
}
