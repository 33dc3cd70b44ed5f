/**
 * Finds what cosign attaches to a manifest under tags that it derives from the digest: signatures, attestations and SBOMs.
 * @see cosign v2.4, specs/SIGNATURE_SPEC.md, "Signature Storage"
 */
import type { Cancellable } from '@outboard/async';
import { type Digest, digestAlgorithm, digestHex } from '../digests/digest.ts';
import { isOutboardError } from '../errors/outboard-error.ts';
import { isTag } from '../references/grammar.ts';
import type { ManifestFetcher, ResolvedManifest } from './registry-client.ts';

const endings = ['sig', 'att', 'sbom'];

/** A manifest or index under a tag. */
export interface TaggedManifest {
  readonly tag: string;
  readonly resolved: ResolvedManifest;
}

/**
 * Find what is attached to a manifest.
 * @returns none where there are no such tags
 * @throws {OutboardError} as `resolve`, except not-found
 */
export async function findAttached(
  reader: ManifestFetcher,
  digest: Digest,
  { signal }: Cancellable,
): Promise<readonly TaggedManifest[]> {
  const found: TaggedManifest[] = [];
  for (const ending of endings) {
    const tag = `${digestAlgorithm(digest)}-${digestHex(digest)}.${ending}`;
    // That of a SHA-512 digest is too long.
    if (!isTag(tag)) continue;
    try {
      found.push({ tag, resolved: await reader.resolve(tag, { signal }) });
    } catch (error) {
      if (!isOutboardError(error, 'not-found')) throw error;
    }
  }
  return found;
}
