/**
 * Fetches and verifies manifests and indexes.
 */
import { type Cancellable, nextTurn } from '@outboard/async';
import { type Digest, digestAlgorithm, digestOf, parseDigest } from '../../../digests/digest.ts';
import { isOutboardError, OutboardError } from '../../../errors/outboard-error.ts';
import { maxManifestBytes, ownMediaType } from '../../../manifests/document-schema.ts';
import { isIndexMediaType, isManifestMediaType, mediaTypes } from '../../../manifests/media-types.ts';
import { type ManifestName, parseManifestName } from '../../object-name.ts';
import type { ResolvedManifest } from '../../registry-client.ts';
import { readBounded, readStart } from '../connections/bounded-body.ts';
import type { HttpResponse, ResponseHeaders } from '../connections/connections.ts';
import { notFound } from '../failures/registry-error.ts';
import { type RetryPolicy, withRetries } from '../failures/retry.ts';
import type { Session } from '../session/session.ts';

/**
 * Each in a header line of its own: registries before distribution 2.4 compare whole lines. Any type comes last, for servers that
 * would refuse a type that they were not asked for; the check of the media type follows.
 */
const accept: string[] = [
  mediaTypes.dockerManifest,
  mediaTypes.dockerManifestList,
  mediaTypes.ociManifest,
  mediaTypes.ociIndex,
  '*/*',
];
/** For registries and their proxies that refuse a list that names a type they do not know. */
const oldAccept = mediaTypes.dockerManifest;
/** Statuses of such a refusal. */
const acceptRefused: readonly number[] = [406, 415];

/** Content types of static file servers, which do not know manifests. */
const genericTypes: ReadonlySet<string> = new Set([
  '',
  'application/json',
  'application/octet-stream',
  'binary/octet-stream',
  'text/json',
  'text/plain',
]);

const schema1Types: ReadonlySet<string> = new Set([
  'application/vnd.docker.distribution.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.v1+prettyjws',
]);

/** Settings of a fetch. */
export interface FetchManifestOptions extends Cancellable {
  /** Full reference for errors, such as `docker.io/library/alpine:latest`. */
  readonly subject: string;
  readonly retry: RetryPolicy;
}

/**
 * Fetch the manifest or index that a tag or digest names.
 * @throws {OutboardError} not-found (`REF: not found`, with the registry's own words where they say more), unauthorized, forbidden, unavailable; invalid for a
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
    // The document may be large: the caller parses it in a turn of its own.
    await nextTurn();
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
  const send = async (accepted: string | string[], expect: readonly number[]) =>
    await session.send({
      method: 'GET',
      target: `manifests/${name.text}`,
      headers: { accept: accepted },
      expect,
      signal: options.signal,
    });
  try {
    const response = await send(accept, [200, ...acceptRefused]);
    if (response.status === 200) return response;
    await readStart(response, session.connections, 64 * 1024);
    return await send(oldAccept, [200]);
  } catch (error) {
    throw isOutboardError(error, 'not-found') ? notFound(options.subject, error) : error;
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
  // Absent at some registries; of an algorithm that cannot be computed here, it says nothing.
  if (header === undefined || !/^sha(?:256|512):/.test(header)) return actual;
  const claimed = parseDigest(header);
  const same = digestOf(bytes, digestAlgorithm(claimed));
  if (claimed !== same) throw differs(subject, claimed, same);
  return actual;
}

function differs(subject: string, expected: Digest, actual: Digest): OutboardError {
  return new OutboardError('invalid', `manifest of ${subject} has digest ${actual}, want ${expected}`, {
    details: { subject, expected, actual },
  });
}

function mediaTypeOf(headers: ResponseHeaders, bytes: Buffer, subject: string): string {
  const header = (headers.get('content-type') ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';
  if (header === 'text/html' || header === 'application/xhtml+xml') {
    throw new OutboardError(
      'invalid',
      `${subject} was answered with a web page, not a manifest: is there a registry at this name, or a proxy or log-in page before it?`,
    );
  }
  const mediaType = genericTypes.has(header) ? ownMediaType(bytes) : header;
  if (isManifestMediaType(mediaType) || isIndexMediaType(mediaType)) return mediaType;
  const advice = schema1Types.has(mediaType)
    ? ': schema 1 is out of use, push it again with a current tool'
    : '';
  throw new OutboardError(
    'invalid',
    `${subject} has media type ${JSON.stringify(mediaType.slice(0, 200))}: want a Docker schema 2 or OCI manifest or index${advice}`,
  );
}
