/**
 * An installed plugin as a part of an archive: its stored content, and on demand what its registry has beside that, which are
 * other platforms of its index, signatures, and other referrers.
 */
import { rejectOnAbort } from '@outboard/async';
import {
  type ArchivedArtifact,
  canonicalName,
  canonicalString,
  type Descriptor,
  type Digest,
  isOutboardError,
  type Lease,
  layoutAnnotations,
  OutboardError,
  parseReference,
  type RepositoryReader,
  type ResolvedManifest,
  readArtifactTree,
  withDefaultTag,
} from '@outboard/oci';
import type { PluginRecord } from '../../config/plugin-config.ts';
import { retryChangedContent } from '../../distribution/retry-changed-content.ts';
import {
  type BlobOrigin,
  openOrigin,
  originOf,
  readManifest,
  requireWhole,
} from '../../distribution/stored-blobs.ts';
import type { OperationMeter } from '../../observe/operation-meter.ts';

/** Parts of a plugin that are saved beside its own manifest and blobs. Both are asked for at its registry. */
export interface SavedParts {
  /** All platforms of the index that the plugin was chosen from; default its own only. */
  readonly allPlatforms?: boolean | undefined;
  /**
   * Signatures and what else refers to the plugin, of its index as well: that is saved with it, so that signatures of it count
   * where the archive is installed. Default false.
   */
  readonly referrers?: boolean | undefined;
}

/** The plugin, its registry, and the store for what is fetched. */
export interface SavedOrigin extends BlobOrigin {
  readonly record: PluginRecord;
  readonly meter: Pick<OperationMeter, 'received'>;
  /** Keeps what is fetched until the archive is written. */
  readonly lease: Lease;
}

/**
 * Read the manifests of a plugin, and fetch the blobs that the store lacks, so that nothing can be missing later.
 * @throws {OutboardError} the registry's errors, naming the plugin
 */
export async function openSavedArtifact(origin: SavedOrigin, parts: SavedParts): Promise<ArchivedArtifact> {
  const { record, signal } = origin;
  const { allPlatforms = false, referrers = false } = parts;
  const own = await readOwn(origin);
  const reader = createReader(own, allPlatforms || referrers ? openOrigin(origin) : noRegistry(record));
  const root = await inWordsOf(origin, async () => {
    const { indexDigest } = record;
    return indexDigest === undefined || !(allPlatforms || referrers)
      ? own
      : await reader.resolve(indexDigest, { signal });
  });
  const tree = await inWordsOf(origin, () =>
    readArtifactTree(reader, root, {
      signal,
      referrers,
      chooses: ({ digest }) => allPlatforms || digest === record.manifestDigest,
    }),
  );
  const ownBlobs = new Set<Digest>([record.configDigest, ...record.blobDigests]);
  for (const blob of tree.blobs.values()) {
    if (ownBlobs.has(blob.digest)) await requireStored(origin, blob);
    else await inWordsOf(origin, () => fetchBlob(origin, reader, blob));
  }
  return {
    root,
    tree,
    names: [namesOf(record)],
    async openBlob(blob, cancellable) {
      await requireWhole(origin, blob);
      return await origin.content.open(blob.digest, cancellable);
    },
  };
}

async function readOwn(origin: SavedOrigin): Promise<ResolvedManifest> {
  const { manifestMediaType: mediaType, manifestDigest: digest } = origin.record;
  const bytes = await readManifest(origin);
  return { descriptor: { mediaType, digest, size: bytes.length }, bytes };
}

/** The reader of a plugin that is saved as it is stored. */
function noRegistry({ name }: PluginRecord): RepositoryReader {
  const refuse = async (): Promise<never> => {
    throw new OutboardError('system', `the registry of plugin ${name} is not asked`);
  };
  return { resolve: refuse, openBlob: refuse, readBlob: refuse, referrers: refuse };
}

/** Reads from the registry, except for the manifest of the plugin, which the registry may have no more. */
function createReader(own: ResolvedManifest, registry: RepositoryReader): RepositoryReader {
  return {
    resolve: async (tagOrDigest, options) =>
      tagOrDigest === own.descriptor.digest ? own : await registry.resolve(tagOrDigest, options),
    openBlob: (...words) => registry.openBlob(...words),
    readBlob: (...words) => registry.readBlob(...words),
    referrers: (...words) => registry.referrers(...words),
  };
}

async function requireStored(origin: SavedOrigin, blob: Descriptor): Promise<void> {
  if (!(await origin.content.stat(blob.digest)).exists) await requireWhole(origin, blob);
}

/** Fetch a blob of another platform or of a signature. */
async function fetchBlob(origin: SavedOrigin, from: RepositoryReader, blob: Descriptor): Promise<void> {
  const { content, downloads, lease, record, meter, signal } = origin;
  lease.add(blob.digest);
  if ((await content.stat(blob.digest)).exists) return;
  const source = canonicalName(parseReference(originOf(record)));
  const onReceived = (bytes: number) => meter.received(bytes);
  await retryChangedContent(async () => {
    await using download = downloads.join({ blob, from, source, onReceived });
    await rejectOnAbort(download.stored, signal);
  });
}

/** Tell whose content cannot be had. */
async function inWordsOf<Result>(
  { record, signal }: SavedOrigin,
  work: () => Promise<Result>,
): Promise<Result> {
  try {
    return await work();
  } catch (cause) {
    signal?.throwIfAborted();
    if (!isOutboardError(cause)) throw cause;
    const { kind, message, code } = cause;
    const text = `cannot save all of plugin ${record.name}: ${originOf(record)}: ${message}`;
    throw new OutboardError(kind, text, { cause, code });
  }
}

/** The local name, and where the plugin came from if that is another. */
function namesOf({ name, pluginReference }: PluginRecord): Readonly<Record<string, string>> {
  const local = canonicalString(withDefaultTag(parseReference(name)));
  const origin = pluginReference === undefined || pluginReference === local ? undefined : pluginReference;
  return {
    [layoutAnnotations.refName]: local,
    [layoutAnnotations.imageName]: local,
    ...(origin !== undefined && { [layoutAnnotations.origin]: origin }),
  };
}
