/**
 * Where an upload goes on, by the registry's word.
 */
import type { Digest } from '../../../digests/digest.ts';
import { followLocation } from '../session/redirect.ts';

/**
 * The URL that a registry named for the next step of an upload; relative or absolute. Requests to another host than
 * the registry's are sent without credentials (the session sees to that).
 * A registry behind a TLS proxy that does not know of it names itself with `http:`; that is read as `https:`.
 * @throws {OutboardError} as `followLocation`
 */
export function uploadLocation(from: URL, location: string | undefined): URL {
  const own = `http://${from.host}/`;
  const mended =
    from.protocol === 'https:' && location?.startsWith(own)
      ? `https://${from.host}/${location.slice(own.length)}`
      : location;
  return followLocation(from, mended);
}

/** Add the digest to an upload URL, keeping the registry's own query as it is. */
export function withDigest(url: URL, digest: Digest): URL {
  const result = new URL(url);
  // Not through searchParams, which would re-encode the registry's opaque state.
  result.search = `${url.search}${url.search === '' ? '?' : '&'}digest=${encodeURIComponent(digest)}`;
  return result;
}
