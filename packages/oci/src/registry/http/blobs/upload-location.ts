/**
 * The URLs of upload sessions.
 */
import type { Digest } from '../../../digests/digest.ts';
import { followLocation } from '../session/redirect.ts';

/**
 * Resolve the `Location` of the next step of an upload, relative or absolute. The session sends requests to other hosts
 * without credentials.
 * @throws {OutboardError} as `followLocation`
 */
export function uploadLocation(from: URL, location: string | undefined): URL {
  return followLocation(from, location);
}

/** Add the digest to an upload URL; the registry's own query stays unchanged. */
export function withDigest(url: URL, digest: Digest): URL {
  const result = new URL(url);
  // Not with searchParams, which would re-encode the registry's opaque state.
  result.search = `${url.search}${url.search === '' ? '?' : '&'}digest=${encodeURIComponent(digest)}`;
  return result;
}
