/**
 * What authorization plugins are told of a request and of its answer. A plugin sees each byte from which a route learns
 * what to do, and no credentials.
 * @see moby pkg/authorization/authz.go (28.x); CVE-2024-41110, CVE-2026-34040
 */
import type { ServerResponse } from 'node:http';
import type { AuthorizationRequest, AuthorizationResponse } from '@outboard/engine';
import type { RoutedRequest } from '../http/authorize.ts';
import { HttpError } from '../http/errors.ts';
import { jsonContentType, type WholeReply } from '../http/reply.ts';
import type { RequestBody } from '../http/request-body.ts';
import { identifyClient } from './client-identity.ts';
import { visibleHeaders } from './visible-headers.ts';

/** Docker's limit. */
const maxBodyBytes = 4 * 1024 * 1024;
/** Their requests hold passwords, their answers tokens. */
const routesWithSecretBodies: ReadonlySet<string> = new Set(['/auth']);

/**
 * Describe a request. A body that says what to do is taken in whole, and the route reads the same bytes; one that only
 * streams through (a tar, say) is left alone and not shown.
 * @throws {HttpError} 500 in Docker's words when the body is larger than plugins are shown; 400 when what it is can be
 *   read in two ways; 408 when the client stalls
 */
export async function describeRequest({
  incoming,
  body,
  route,
}: RoutedRequest): Promise<AuthorizationRequest> {
  const headers = [...pairs(incoming.rawHeaders)];
  // We go by the first one, plugins are told the last one.
  if (headers.filter(([name]) => name.toLowerCase() === 'content-type').length > 1) {
    throw new HttpError(400, 'the request has more than one Content-Type header');
  }
  const shown = body.isDocument && !routesWithSecretBodies.has(route) ? await holdBody(body) : undefined;
  return {
    ...identifyClient(incoming.socket),
    method: incoming.method ?? '',
    uri: incoming.url ?? '',
    headers: visibleHeaders(headers),
    ...(shown === undefined ? {} : { body: shown }),
  };
}

async function holdBody(body: RequestBody): Promise<Buffer> {
  const bytes = await body.hold(maxBodyBytes);
  if (bytes !== undefined) return bytes;
  throw new HttpError(
    500,
    `request body too large for authorization plugin: size exceeds ${maxBodyBytes} bytes`,
  );
}

function* pairs(rawHeaders: readonly string[]): Generator<[string, string]> {
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) yield [rawHeaders[i] ?? '', rawHeaders[i + 1] ?? ''];
}

/** Describe a whole answer that is about to be sent. */
export function describeReply(
  reply: WholeReply,
  response: ServerResponse,
  route: string,
): AuthorizationResponse {
  const headers = visibleHeaders([
    ...Object.entries(response.getHeaders()).map(([name, value]): [string, string] => [name, String(value)]),
    ...Object.entries(reply.headers),
  ]);
  const isShown = headers['Content-Type'] === jsonContentType && !routesWithSecretBodies.has(route);
  return {
    status: reply.status,
    headers,
    ...(isShown && reply.body !== undefined ? { body: Buffer.from(reply.body) } : {}),
  };
}
