/**
 * Parses the target of a request. Nothing is decoded or normalized before the route is found, so that no spelling of a
 * path reaches another route.
 */
import { HttpError } from './errors.ts';

/** A parsed target. */
export interface RequestTarget {
  /** The path without the version prefix, still percent-encoded. */
  readonly path: string;
  /** Version in the prefix `/v<version>`; absent without prefix. */
  readonly version?: string | undefined;
  readonly query: URLSearchParams;
}

/** A target, or the location of a redirect. */
export type ParsedTarget = RequestTarget | { readonly redirect: string };

const versionPrefix = /^\/v([0-9.]+)(\/.*)$/;

/**
 * Parse a raw request target. As in Docker, a path with doubled slashes is redirected.
 * @throws {HttpError} 400 if it is not in origin form (RFC 9112, section 3.2.1)
 */
export function parseRequestTarget(raw: string): ParsedTarget {
  // In absolute form the host of the target could differ from the Host header that was checked.
  if (!raw.startsWith('/')) throw new HttpError(400, 'request target must be a path that begins with "/"');
  const mark = raw.indexOf('?');
  const fullPath = mark === -1 ? raw : raw.slice(0, mark);
  const queryText = mark === -1 ? '' : raw.slice(mark + 1);
  if (fullPath.includes('//')) return { redirect: redirectTo(fullPath, mark === -1 ? '' : raw.slice(mark)) };

  const query = new URLSearchParams(queryText);
  const match = versionPrefix.exec(fullPath);
  if (match === null) return { path: fullPath, query };
  const [, version = '', path = ''] = match;
  return { path, version, query };
}

/** The path with single slashes. It begins with exactly one, so that it cannot name another host. */
function redirectTo(path: string, query: string): string {
  // Browsers read a backslash as a slash, so "/\evil" would be another host.
  if (path.includes('\\')) throw new HttpError(404, 'page not found');
  return path.replace(/\/{2,}/g, '/') + query;
}

/**
 * Decode the name in a path. It is decoded once, and afterwards only compared.
 * @throws {HttpError} 400 for malformed escapes
 */
export function decodeName(encoded: string): string {
  try {
    return decodeURIComponent(encoded);
  } catch {
    throw new HttpError(400, `invalid URL escape in ${JSON.stringify(encoded)}`);
  }
}
