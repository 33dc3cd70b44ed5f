/**
 * Fetches and verifies manifests and indexes.
 */
import type { Cancellable } from '@outboard/async';
import { type Digest, digestAlgorithm, digestOf, parseDigest } from '../../../digests/digest.ts';
import { isOutboardError, OutboardError } from '../../../errors/outboard-error.ts';
import { maxManifestBytes, ownMediaType } from '../../../manifests/document-schema.ts';
import { isIndexMediaType, isManifestMediaType, mediaTypes } from '../../../manifests/media-types.ts';
import { type ManifestName, parseManifestName } from '../../object-name.ts';
import type { ResolvedManifest } from '../../registry-client.ts';
import { readBounded } from '../connections/bounded-body.ts';
import type { HttpResponse, ResponseHeaders } from '../connections/connections.ts';
import { type RetryPolicy, withRetries } from '../failures/retry.ts';
import type { Session } from '../session/session.ts';

const accept = [
  mediaTypes.dockerManifest,
  mediaTypes.dockerManifestList,
  mediaTypes.ociManifest,
  mediaTypes.ociIndex,
].join(', ');

/** Content types of static file servers, which do not know manifests. */
const genericTypes: ReadonlySet<string> = new Set([
  '',
  'application/json',
  'application/octet-stream',
  'text/plain',
]);

/** Settings of a fetch. */
export interface FetchManifestOptions extends Cancellable {
  /** Full reference for errors, such as `docker.io/library/alpine:latest`. */
  readonly subject: string;
  readonly retry: RetryPolicy;
}

/**
 * Fetch the manifest or index that a tag or digest names.
 * @throws {OutboardError} not-found (`REF: not found`), unauthorized, forbidden, unavailable; invalid for a
 *   malformed name, and for a document over 4 MiB, of another type or with another digest
 * @see OCI distribution-spec v1.1.1, "Pulling manifests"
 */
export async function fetchManifest(
  session: Session,
  tagOrDigest: string,
  options: FetchManifestOptions,
): Promise<ResolvedManifest> {
  const name = parseManifestName(tagOrDigest);
  return await withRetries(options.retry, session.connections, options.signal, async () => {
    const response = await ask(session, name, options);
    const bytes = await readManifest(session, response);
    const digest = verify(bytes, name, response.headers, options.subject);
    return {
      descriptor: {
        mediaType: mediaTypeOf(response.headers, bytes, options.subject),
        digest,
        size: bytes.length,
      },
      bytes,
    };
  });
}

async function ask(
  session: Session,
  name: ManifestName,
  options: FetchManifestOptions,
): Promise<HttpResponse> {
  try {
    return await session.send({
      method: 'GET',
      target: `manifests/${name.text}`,
      headers: { accept },
      expect: [200],
      signal: options.signal,
    });
  } catch (error) {
    if (!isOutboardError(error, 'not-found')) throw error;
    throw new OutboardError('not-found', `${options.subject}: not found`, { cause: error });
  }
}

async function readManifest(session: Session, response: HttpResponse): Promise<Buffer> {
  const claimed = Number(response.headers.get('content-length') ?? 0);
  if (claimed > maxManifestBytes) {
    response.body.destroy();
    throw new OutboardError(
      'invalid',
      `manifest is too large: ${claimed} bytes, want at most ${maxManifestBytes}`,
    );
  }
  return await readBounded(response, session.connections, maxManifestBytes, 'manifest');
}

function verify(bytes: Buffer, name: ManifestName, headers: ResponseHeaders, subject: string): Digest {
  const actual = digestOf(bytes, name.digest === undefined ? 'sha256' : digestAlgorithm(name.digest));
  if (name.digest !== undefined && actual !== name.digest) throw differs(subject, name.digest, actual);
  const header = headers.get('docker-content-digest');
  if (header?.startsWith('sha256:')) {
    const claimed = parseDigest(header);
    const sha256 = actual.startsWith('sha256:') ? actual : digestOf(bytes);
    if (claimed !== sha256) throw differs(subject, claimed, sha256);
  }
  return actual;
}

function differs(subject: string, expected: Digest, actual: Digest): OutboardError {
  return new OutboardError('invalid', `manifest of ${subject} has digest ${actual}, want ${expected}`, {
    details: { subject, expected, actual },
  });
}

function mediaTypeOf(headers: ResponseHeaders, bytes: Buffer, subject: string): string {
  const header = (headers.get('content-type') ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';
  const mediaType = genericTypes.has(header) ? ownMediaType(bytes) : header;
  if (isManifestMediaType(mediaType) || isIndexMediaType(mediaType)) return mediaType;
  throw new OutboardError(
    'invalid',
    `${subject} has media type ${JSON.stringify(mediaType.slice(0, 200))}: want a Docker schema 2 or OCI manifest or index`,
  );
}
