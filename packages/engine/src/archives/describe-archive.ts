/**
 * Describes the artifacts of an archive, and checks that all of their content is there.
 */
import type { Cancellable } from '@outboard/async';
import {
  type ArtifactTree,
  canonicalString,
  createLayoutReader,
  type Digest,
  familiarString,
  isIndexMediaType,
  type LayoutContent,
  type LayoutEntry,
  type Lease,
  OutboardError,
  parseArtifact,
  parseIndex,
  platformText,
  type ResolvedManifest,
  readArtifactTree,
} from '@outboard/oci';

/** One artifact of an archive. Most are plugins; installing another one fails. */
export interface ArchivedPlugin {
  /** Local name that the archive gives it, in familiar form with tag; absent when it gives none. */
  readonly name?: string | undefined;
  /** Bare tag, when the archive gives no more than that. */
  readonly tag?: string | undefined;
  /** The reference to install it by, and to upgrade it from later; absent when there is no name. */
  readonly remote?: string | undefined;
  /** Of its manifest or index. */
  readonly digest: Digest;
  /** Platforms that the archive has, such as `linux/arm64/v8`; empty when it does not say. */
  readonly platforms: readonly string[];
  /** Bytes of its configs and layers. */
  readonly size: number;
  /** Media type of the config of its first manifest, which tells plugins from images. */
  readonly configType: string;
}

/** No repository of any registry: entries are read by their digests. */
const anyRepository = { domain: 'localhost', path: 'archive' };

/**
 * Describe the artifacts of a layout.
 * @param lease receives all content that they need, also that of signatures and other referrers
 * @throws {OutboardError} invalid when the layout is empty or lacks content that it names
 */
export async function describeArchive(
  layout: LayoutContent,
  lease: Lease,
  options: Cancellable = {},
): Promise<readonly ArchivedPlugin[]> {
  const plugins: ArchivedPlugin[] = [];
  const reader = createLayoutReader(layout, anyRepository);
  for (const entry of layout.entries) {
    options.signal?.throwIfAborted();
    const root = await readPresent(entry.descriptor.digest, () =>
      reader.resolve(entry.descriptor.digest, options),
    );
    const tree = await readArtifactTree(reader, root, { ...options, allowsPartial: true });
    await requireWhole(layout, tree);
    for (const digest of [...tree.manifests.keys(), ...tree.blobs.keys()]) lease.add(digest);
    if (!entry.isReferrer) plugins.push(describe(entry, root, tree));
  }
  if (plugins.length > 0) return plugins;
  throw new OutboardError('invalid', 'cannot read the archive: its "index.json" names nothing', {
    code: 'not-a-layout',
  });
}

function describe(entry: LayoutEntry, root: ResolvedManifest, tree: ArtifactTree): ArchivedPlugin {
  const { reference, tag, origin } = entry;
  const first = [...tree.manifests.values()].find(
    ({ descriptor }) => !isIndexMediaType(descriptor.mediaType),
  );
  if (first === undefined) {
    throw incomplete(`of index ${root.descriptor.digest} it has no manifest`);
  }
  return {
    name: reference && familiarString(reference),
    tag,
    remote: origin && canonicalString(origin),
    digest: root.descriptor.digest,
    platforms: platformsOf(entry, root, tree),
    size: [...tree.blobs.values()].reduce((sum, { size }) => sum + size, 0),
    configType: parseArtifact(first.bytes, first.descriptor.mediaType).config.mediaType,
  };
}

function platformsOf(
  { descriptor }: LayoutEntry,
  { bytes, descriptor: { mediaType } }: ResolvedManifest,
  tree: ArtifactTree,
): readonly string[] {
  const named = isIndexMediaType(mediaType) ? parseIndex(bytes, mediaType).manifests : [descriptor];
  return named.flatMap(({ digest, platform }) =>
    platform === undefined || platform.os === 'unknown' || !tree.manifests.has(digest)
      ? []
      : [platformText(platform)],
  );
}

async function requireWhole({ blobs }: LayoutContent, tree: ArtifactTree): Promise<void> {
  for (const { digest, size } of tree.blobs.values()) {
    const stored = await blobs.stat(digest);
    if (!stored.exists) throw incomplete(`blob ${digest} is missing`);
    if (stored.size !== size) {
      throw incomplete(`blob ${digest} has ${stored.size} bytes, its manifest says ${size}`);
    }
  }
}

/** Read a manifest; one that is not there makes the archive incomplete. */
async function readPresent(digest: Digest, read: () => Promise<ResolvedManifest>): Promise<ResolvedManifest> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof OutboardError && error.kind === 'not-found') {
      throw incomplete(`manifest ${digest} is missing`, error);
    }
    throw error;
  }
}

function incomplete(problem: string, cause?: unknown): OutboardError {
  return new OutboardError('invalid', `the archive is incomplete: ${problem}`, {
    cause,
    code: 'incomplete-archive',
  });
}
