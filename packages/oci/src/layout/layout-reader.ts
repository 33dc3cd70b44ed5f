/**
 * Reads the artifacts of an OCI image layout, wherever its blobs are: in a directory, or in a content store that an archive
 * was read into.
 */
import type { BlobReader } from '../content/content-store.ts';
import { type Digest, digestOf } from '../digests/digest.ts';
import { OutboardError } from '../errors/outboard-error.ts';
import { parseArtifact } from '../manifests/artifact-manifest.ts';
import type { Descriptor } from '../manifests/descriptor.ts';
import { maxManifestBytes, ownMediaType } from '../manifests/document-schema.ts';
import { encodeIndex } from '../manifests/image-index.ts';
import { isIndexMediaType, isManifestMediaType, mediaTypes } from '../manifests/media-types.ts';
import type { Reference } from '../references/reference.ts';
import { checkDescriptor, parseManifestName } from '../registry/object-name.ts';
import type { RepositoryReader, ResolvedManifest } from '../registry/registry-client.ts';
import { findEntries, type LayoutEntry } from './layout-entry.ts';

/** The blobs of a layout; reading verifies them. */
export type LayoutBlobs = Pick<BlobReader, 'stat' | 'open' | 'read'>;

/** The entries and blobs of a layout. */
export interface LayoutContent {
  readonly entries: readonly LayoutEntry[];
  readonly blobs: LayoutBlobs;
}

/**
 * Read one repository of a layout.
 * @param repository tags are looked up as tags of this repository
 */
export function createLayoutReader(
  { entries, blobs }: LayoutContent,
  repository: Pick<Reference, 'domain' | 'path'>,
): RepositoryReader {
  let subjects: Promise<ReadonlyMap<Digest, readonly Descriptor[]>> | undefined;
  const resolve = async (digest: Digest) => resolveDigest(digest, { entries, blobs });
  return {
    async resolve(tagOrDigest, { signal } = {}) {
      signal?.throwIfAborted();
      const { text, digest } = parseManifestName(tagOrDigest);
      if (digest !== undefined) return await resolve(digest);
      const { domain, path } = repository;
      return await resolveEntries(findEntries(entries, { domain, path, tag: text }), resolve);
    },
    async openBlob(descriptor, { signal } = {}) {
      checkDescriptor(descriptor);
      await requireSize(blobs, descriptor);
      return await blobs.open(descriptor.digest, { signal });
    },
    async readBlob(descriptor, { maxBytes, signal }) {
      signal?.throwIfAborted();
      checkDescriptor(descriptor);
      await requireSize(blobs, descriptor);
      return await blobs.read(descriptor.digest, { maxBytes });
    },
    async referrers(digest, { artifactType, signal } = {}) {
      signal?.throwIfAborted();
      subjects ??= readSubjects({ entries, blobs });
      const found = (await subjects).get(digest) ?? [];
      return found.filter((referrer) => artifactType === undefined || referrer.artifactType === artifactType);
    },
  };
}

/** Several entries of one name are the platforms of one artifact: an index is made of them. */
async function resolveEntries(
  found: readonly LayoutEntry[],
  resolve: (digest: Digest) => Promise<ResolvedManifest>,
): Promise<ResolvedManifest> {
  const [first] = found;
  if (first === undefined) throw new OutboardError('system', 'an entry was found and is not there');
  const descriptors = found.map(({ descriptor }) => descriptor);
  const isSame = descriptors.every(({ digest }) => digest === first.descriptor.digest);
  if (isSame) return await resolve(first.descriptor.digest);
  if (descriptors.some(({ platform }) => platform === undefined)) {
    throw new OutboardError(
      'invalid',
      `the archive or directory has several entries of that name: choose one by its digest: ${descriptors
        .slice(0, 16)
        .map(({ digest }) => digest)
        .join(', ')}`,
    );
  }
  const bytes = encodeIndex(descriptors.map(({ annotations: _annotations, ...rest }) => rest));
  const descriptor = { mediaType: mediaTypes.ociIndex, digest: digestOf(bytes), size: bytes.length };
  return { descriptor, bytes };
}

async function resolveDigest(digest: Digest, { entries, blobs }: LayoutContent): Promise<ResolvedManifest> {
  const entry = entries.find(({ descriptor }) => descriptor.digest === digest)?.descriptor;
  const bytes = await blobs.read(digest, { maxBytes: maxManifestBytes });
  if (entry !== undefined && entry.size !== bytes.length) {
    throw new OutboardError(
      'invalid',
      `manifest ${digest} has ${bytes.length} bytes, "index.json" says ${entry.size}`,
    );
  }
  // Docker's and others' index.json says what it is; only below an index the document itself has to.
  const mediaType = entry?.mediaType ?? ownMediaType(bytes);
  if (!isManifestMediaType(mediaType) && !isIndexMediaType(mediaType)) {
    throw new OutboardError(
      'invalid',
      `${digest} is no manifest: its media type is ${JSON.stringify(mediaType.slice(0, 300))}`,
    );
  }
  return { descriptor: { mediaType, digest, size: bytes.length }, bytes };
}

/** The manifests in `index.json` that have a subject, by its digest. */
async function readSubjects(content: LayoutContent): Promise<ReadonlyMap<Digest, readonly Descriptor[]>> {
  const found = new Map<Digest, Descriptor[]>();
  for (const { descriptor } of content.entries) {
    if (!isManifestMediaType(descriptor.mediaType)) continue;
    const { bytes } = await resolveDigest(descriptor.digest, content);
    const { subject, artifactType, annotations } = parseArtifact(bytes, descriptor.mediaType);
    if (subject === undefined) continue;
    const { mediaType, digest, size } = descriptor;
    const referrer = { mediaType, digest, size, artifactType, ...(annotations && { annotations }) };
    found.set(subject.digest, [...(found.get(subject.digest) ?? []), referrer]);
  }
  return found;
}

async function requireSize(blobs: LayoutBlobs, { digest, size }: Descriptor): Promise<void> {
  const stored = await blobs.stat(digest);
  if (!stored.exists) {
    throw new OutboardError('not-found', `blob ${digest} is missing in the archive or directory`);
  }
  if (stored.size === size) return;
  throw new OutboardError('invalid', `content of ${digest} has ${stored.size} bytes, want ${size}`);
}
