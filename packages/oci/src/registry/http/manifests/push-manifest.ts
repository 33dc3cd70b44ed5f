/**
 * Pushes manifests by tag or digest.
 */
import type { Cancellable } from '@outboard/async';
import { type Digest, digestAlgorithm, digestOf } from '../../../digests/digest.ts';
import { OutboardError } from '../../../errors/outboard-error.ts';
import { parseArtifact } from '../../../manifests/artifact-manifest.ts';
import { encodeIndex } from '../../../manifests/image-index.ts';
import { isManifestMediaType, mediaTypes } from '../../../manifests/media-types.ts';
import { parseManifestName } from '../../object-name.ts';
import { readStart } from '../connections/bounded-body.ts';
import { type RetryPolicy, withRetries } from '../failures/retry.ts';
import type { Session } from '../session/session.ts';
import { referrersTag, taggedReferrers } from './list-referrers.ts';

/** A manifest to push. */
export interface ManifestToPush {
  readonly mediaType: string;
  /** Pushed byte for byte. */
  readonly bytes: Uint8Array;
}

/**
 * Push a manifest; see `RepositoryPusher.pushManifest`.
 * @returns the digest of the bytes, confirmed if the registry names one
 * @throws {OutboardError} invalid when the bytes do not match the given digest, or the registry stored another one
 * @see OCI distribution-spec v1.1.1, "Pushing Manifests"
 */
export async function pushManifest(
  session: Session,
  tagOrDigest: string,
  manifest: ManifestToPush,
  options: Cancellable & { readonly retry: RetryPolicy },
): Promise<Digest> {
  const name = parseManifestName(tagOrDigest);
  const digest = digestOf(
    manifest.bytes,
    name.digest === undefined ? 'sha256' : digestAlgorithm(name.digest),
  );
  if (name.digest !== undefined && digest !== name.digest) {
    throw new OutboardError('invalid', `the manifest has digest ${digest}, want ${name.digest}`);
  }
  let listsReferrers = false;
  await withRetries(options.retry, session.connections, options.signal, async () => {
    const response = await session.send({
      method: 'PUT',
      target: `manifests/${name.text}`,
      headers: { 'content-type': manifest.mediaType },
      body: manifest.bytes,
      expect: [201],
      signal: options.signal,
    });
    await readStart(response, session.connections, 64 * 1024);
    confirm(response.headers.get('docker-content-digest'), digest);
    listsReferrers = response.headers.get('oci-subject') !== undefined;
  });
  if (!listsReferrers) await listUnderTag(session, digest, manifest, options);
  return digest;
}

/**
 * Add a manifest with a subject to the list that clients keep under a tag, for a registry that keeps none itself. Two
 * clients that add at the same time may lose an entry, as the specification says.
 * @see OCI distribution-spec v1.1.1, "Pushing Manifests with Subject"
 */
async function listUnderTag(
  session: Session,
  digest: Digest,
  { mediaType, bytes }: ManifestToPush,
  options: Cancellable & { readonly retry: RetryPolicy },
): Promise<void> {
  if (!isManifestMediaType(mediaType) || !Buffer.from(bytes).includes('"subject"')) return;
  const { subject, artifactType, annotations } = parseArtifact(bytes, mediaType);
  if (subject === undefined) return;
  const listed = await taggedReferrers(session, subject.digest, options);
  if (listed.some((each) => each.digest === digest)) return;
  const own = { mediaType, digest, size: bytes.length, artifactType, ...(annotations && { annotations }) };
  const index = { mediaType: mediaTypes.ociIndex, bytes: encodeIndex([...listed, own]) };
  await pushManifest(session, referrersTag(subject.digest), index, options);
}

function confirm(stored: string | undefined, digest: Digest): void {
  // A registry may respond with another algorithm, which cannot be compared.
  if (stored === undefined || stored === digest || !stored.startsWith(`${digestAlgorithm(digest)}:`)) return;
  throw new OutboardError(
    'invalid',
    `registry stored the manifest as ${JSON.stringify(stored.slice(0, 200))}, want ${digest}`,
    { details: { expected: digest, actual: stored.slice(0, 200) } },
  );
}
