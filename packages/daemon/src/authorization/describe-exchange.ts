/**
 * The description of a request and its reply for authorization plugins. It has every byte that decides what a route does,
 * and no credentials.
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

/** Docker's limit of a body that plugins see. */
const maxBodyBytes = 4 * 1024 * 1024;
/** Routes whose requests have passwords and whose replies have tokens. */
const routesWithSecretBodies: ReadonlySet<string> = new Set(['/auth']);

/**
 * Describe a request. A document (JSON, form) is read as a whole, and the route reads the same bytes; any other body, such
 * as a tar, is not part of the description.
 * @throws {HttpError} 500 in Docker's words if the body exceeds the limit; 400 if its content type is ambiguous; 408 if the
 *   client stalls
 */
export async function describeRequest({
  incoming,
  body,
  route,
}: RoutedRequest): Promise<AuthorizationRequest> {
  const headers = [...pairs(incoming.rawHeaders)];
  // Node.js uses the first one, plugins see the last one: a plugin could take the body for another type than the route.
  if (headers.filter(([name]) => name.toLowerCase() === 'content-type').length > 1) {
    throw new HttpError(400, 'the request has more than one Content-Type header');
  }
  const shown = body.isDocument && !routesWithSecretBodies.has(route) ? await readWhole(body) : undefined;
  return {
    ...identifyClient(incoming.socket),
    method: incoming.method ?? '',
    uri: incoming.url ?? '',
    headers: visibleHeaders(headers),
    body: shown,
  };
}

async function readWhole(body: RequestBody): Promise<Buffer> {
  const bytes = await body.buffer(maxBodyBytes);
  if (bytes !== undefined) return bytes;
  throw new HttpError(
    500,
    `request body too large for authorization plugin: size exceeds ${maxBodyBytes} bytes`,
  );
}

function* pairs(rawHeaders: readonly string[]): Generator<[string, string]> {
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) yield [rawHeaders[i] ?? '', rawHeaders[i + 1] ?? ''];
}

/** Describe a reply before it is sent. Streams are not described: they have not begun. */
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
    body: isShown ? bytesOf(reply) : undefined,
  };
}

function bytesOf({ body }: WholeReply): Buffer | undefined {
  if (body === undefined) return undefined;
  return typeof body === 'string' ? Buffer.from(body) : Buffer.concat(body);
}
