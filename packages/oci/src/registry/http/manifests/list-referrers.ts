/**
 * Lists the manifests that refer to another one: by the registry, or from the list that clients keep under a tag.
 */
import type { Cancellable } from '@outboard/async';
import { type Digest, digestAlgorithm, digestHex } from '../../../digests/digest.ts';
import { isOutboardError, OutboardError } from '../../../errors/outboard-error.ts';
import type { Descriptor } from '../../../manifests/descriptor.ts';
import { parseIndex } from '../../../manifests/image-index.ts';
import { mediaTypes } from '../../../manifests/media-types.ts';
import { parseManifestName } from '../../object-name.ts';
import type { RetryPolicy } from '../failures/retry.ts';
import type { Session } from '../session/session.ts';
import { fetchManifest } from './fetch-manifest.ts';
import { readPages } from './read-pages.ts';

const maxReferrers = 10_000;

/** Settings of a list. */
export interface ListReferrersOptions extends Cancellable {
  readonly artifactType?: string | undefined;
  readonly retry: RetryPolicy;
}

/** List referrers; see `RepositoryLister.referrers`. */
export async function listReferrers(
  session: Session,
  digest: Digest,
  { artifactType, ...options }: ListReferrersOptions,
): Promise<readonly Descriptor[]> {
  parseManifestName(digest);
  const all =
    (await readListed(session, digest, artifactType, options)) ??
    (await taggedReferrers(session, digest, options));
  // Filtered here as well: a registry may ignore the type.
  return artifactType === undefined ? all : all.filter((each) => each.artifactType === artifactType);
}

/**
 * The tag under which clients keep the referrers of a manifest.
 * @see OCI distribution-spec v1.1.1, "Referrers Tag Schema"
 */
export function referrersTag(digest: Digest): string {
  return `${digestAlgorithm(digest)}-${digestHex(digest)}`.slice(0, 128);
}

/** The list under the tag; empty when there is none. @throws as `fetchManifest` */
export async function taggedReferrers(
  session: Session,
  digest: Digest,
  options: Cancellable & { readonly retry: RetryPolicy },
): Promise<readonly Descriptor[]> {
  const tag = referrersTag(digest);
  try {
    const { bytes, descriptor } = await fetchManifest(session, tag, { ...options, subject: tag });
    return parseIndex(bytes, descriptor.mediaType).manifests;
  } catch (error) {
    if (isOutboardError(error, 'not-found')) return [];
    throw error;
  }
}

/** Check whether the registry lists the referrers of a manifest itself. @throws as `listReferrers` */
export async function listsReferrers(
  session: Session,
  digest: Digest,
  { signal, retry }: Cancellable & { readonly retry: RetryPolicy },
): Promise<boolean> {
  return (await readListed(session, digest, undefined, { signal, retry })) !== undefined;
}

/** @returns undefined when the registry does not list referrers */
async function readListed(
  session: Session,
  digest: Digest,
  artifactType: string | undefined,
  options: Cancellable & { readonly retry: RetryPolicy },
): Promise<readonly Descriptor[] | undefined> {
  const found: Descriptor[] = [];
  try {
    const list = {
      target: `referrers/${digest}`,
      query: artifactType === undefined ? {} : { artifactType },
      headers: { accept: mediaTypes.ociIndex },
      subject: 'list of referrers',
      ...options,
    };
    for await (const { bytes } of readPages(session, list)) {
      found.push(...parseIndex(bytes, mediaTypes.ociIndex).manifests);
      if (found.length > maxReferrers) {
        throw new OutboardError('invalid', `${digest} has more than ${maxReferrers} referrers`);
      }
    }
    return found;
  } catch (error) {
    if (isOutboardError(error, 'not-found') || isOutboardError(error, 'not-implemented')) return undefined;
    throw error;
  }
}
