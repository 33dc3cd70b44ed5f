/**
 * Deletes manifests, and takes those with a subject off the list that clients keep for registries that list no referrers.
 */
import type { Cancellable } from '@outboard/async';
import { type Digest, digestOf } from '../../../digests/digest.ts';
import { isOutboardError } from '../../../errors/outboard-error.ts';
import { parseArtifact } from '../../../manifests/artifact-manifest.ts';
import { encodeIndex } from '../../../manifests/image-index.ts';
import { isManifestMediaType, mediaTypes } from '../../../manifests/media-types.ts';
import { parseManifestName } from '../../object-name.ts';
import type { RetryPolicy } from '../failures/retry.ts';
import { deleteObject } from '../session/delete-object.ts';
import type { Session } from '../session/session.ts';
import { fetchManifest } from './fetch-manifest.ts';
import { listsReferrers, referrersTag, taggedReferrers } from './list-referrers.ts';
import { pushManifest } from './push-manifest.ts';

/** Options of `deleteManifest`. */
export interface DeleteManifestOptions extends Cancellable {
  /** For errors, such as `docker.io/library/alpine:v1`. */
  readonly subject: string;
  readonly retry: RetryPolicy;
}

/**
 * Delete a manifest; see `RepositoryRemover.deleteManifest`. The list follows the deletion, so that a registry that refuses
 * keeps both. Two clients that change the list at the same time may lose an entry, as the specification says.
 * @throws {OutboardError} as `deleteObject`
 * @see OCI distribution-spec v1.1.1, "Deleting Manifests"
 */
export async function deleteManifest(
  session: Session,
  tagOrDigest: string,
  options: DeleteManifestOptions,
): Promise<void> {
  const { text, digest } = parseManifestName(tagOrDigest);
  // A registry may delete the tag alone: what it named still refers to its subject then.
  const subject = digest === undefined ? undefined : await findSubject(session, digest, options);
  await deleteObject(session, { ...options, target: `manifests/${text}` });
  if (digest === undefined || subject === undefined) return;
  if (await listsReferrers(session, subject, options)) return;
  await removeFromList(session, subject, digest, options);
}

/** The subject of a manifest; undefined for none, and for what cannot be read, which is deleted all the same. */
async function findSubject(
  session: Session,
  digest: Digest,
  options: DeleteManifestOptions,
): Promise<Digest | undefined> {
  try {
    const { descriptor, bytes } = await fetchManifest(session, digest, options);
    if (!isManifestMediaType(descriptor.mediaType) || !bytes.includes('"subject"')) return undefined;
    return parseArtifact(bytes, descriptor.mediaType).subject?.digest;
  } catch (error) {
    if (isOutboardError(error, 'not-found') || isOutboardError(error, 'invalid')) return undefined;
    throw error;
  }
}

async function removeFromList(
  session: Session,
  subject: Digest,
  digest: Digest,
  options: DeleteManifestOptions,
): Promise<void> {
  const tag = referrersTag(subject);
  const listed = await taggedReferrers(session, subject, options);
  const others = listed.filter((each) => each.digest !== digest);
  if (others.length === listed.length) return;
  if (others.length > 0) {
    await pushManifest(session, tag, { mediaType: mediaTypes.ociIndex, bytes: encodeIndex(others) }, options);
    return;
  }
  // Registries delete by digest; a tag alone is refused by many.
  const list = await fetchManifest(session, tag, options);
  await deleteObject(session, { ...options, target: `manifests/${digestOf(list.bytes)}` });
}
