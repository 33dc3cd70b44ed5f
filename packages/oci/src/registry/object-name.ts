/**
 * Checks of tags, digests and descriptors before they become a part of a URL or a number of bytes to expect.
 */
import { type Digest, parseDigest } from '../digests/digest.ts';
import { OutboardError } from '../errors/outboard-error.ts';
import type { Descriptor } from '../manifests/descriptor.ts';
import { isTag } from '../references/grammar.ts';

/** A checked tag or digest. */
export type ManifestName =
  | { readonly text: string; readonly digest: Digest }
  | { readonly text: string; readonly digest?: undefined };

/** Check a tag or digest. @throws {OutboardError} invalid */
export function parseManifestName(text: string): ManifestName {
  if (text.includes(':')) return { text, digest: parseDigest(text) };
  if (isTag(text)) return { text };
  throw new OutboardError(
    'invalid',
    `invalid tag ${JSON.stringify(text.slice(0, 200))}: want 1 to 128 of A-Z a-z 0-9 _ . -`,
  );
}

/**
 * Check a descriptor that may come from a hostile manifest.
 * @throws {OutboardError} invalid for a malformed digest, or a size that is not an integer from 0 to 2^53 - 1
 */
export function checkDescriptor(descriptor: Descriptor): void {
  parseDigest(descriptor.digest);
  if (!Number.isSafeInteger(descriptor.size) || descriptor.size < 0) {
    throw new OutboardError(
      'invalid',
      `invalid size ${JSON.stringify(descriptor.size)} of ${descriptor.digest}: want a number of bytes, 0 or more`,
    );
  }
}
