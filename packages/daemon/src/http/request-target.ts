/**
 * The target of a request, taken apart as raw bytes. Nothing is decoded or normalised before a route is found, so that
 * no spelling of a path reaches another route than the one it names.
 */
import { HttpError } from './errors.ts';

/** Where a request goes. */
export interface RequestTarget {
  /** The path without the version prefix, still percent-encoded. */
  readonly path: string;
  /** What the prefix `/v<version>` named; absent without a prefix. */
  readonly version?: string;
  readonly query: URLSearchParams;
}

/** A target, or the place where a client should look instead. */
export type ParsedTarget = RequestTarget | { readonly redirect: string };

const versionPrefix = /^\/v([0-9.]+)(\/.*)$/;

/**
 * Take a raw request target apart. Doubled slashes are answered with a redirect, as Docker does.
 * @throws {HttpError} 400 unless it is in origin form (RFC 9112, section 3.2.1)
 */
export function parseRequestTarget(raw: string): ParsedTarget {
  // Absolute form would let the host of the target differ from the one that the Host check saw.
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

/** The path with single slashes. It begins with exactly one, so that it can never name another host. */
function redirectTo(path: string, query: string): string {
  // Browsers read a backslash as a slash, so "/\evil" would be another host.
  if (path.includes('\\')) throw new HttpError(404, 'page not found');
  return path.replace(/\/{2,}/g, '/') + query;
}

/**
 * Decode the one part of a path that names something. It is decoded once and then only ever compared.
 * @throws {HttpError} 400 when the escapes are malformed
 */
export function decodeName(encoded: string): string {
  try {
    return decodeURIComponent(encoded);
  } catch {
    throw new HttpError(400, `invalid URL escape in ${JSON.stringify(encoded)}`);
  }
}
