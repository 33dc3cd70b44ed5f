/**
 * Save: write installed plugins into an archive that `load`, `skopeo` and other readers of OCI image layouts take.
 */
import {
  type ArchivedArtifact,
  canonicalString,
  createLayoutReader,
  isOutboardError,
  layoutAnnotations,
  maxManifestBytes,
  mediaTypes,
  OutboardError,
  parseReference,
  type ResolvedManifest,
  readArtifactTree,
  withDefaultTag,
  writeLayoutArchive,
} from '@outboard/oci';
import type { PluginRecord } from '../../config/plugin-config.ts';
import { type BlobOrigin, readManifest, requireWhole } from '../../distribution/stored-blobs.ts';
import type { OperationCall } from '../face-rows.ts';
import type { RemoteOptions } from '../remote-options.ts';

/** Request of an archive. */
export interface SaveRequest extends RemoteOptions {
  /** Names or IDs; a plugin that is named twice is written once. */
  readonly plugins: readonly string[];
  /**
   * Receives the archive, and resolves when it was taken to its end. It is not called when a plugin is not there, or lacks
   * content that cannot be fetched again.
   */
  readonly send: (archive: AsyncIterable<Buffer>) => Promise<void>;
}

type SaveContext = Pick<OperationCall, 'store' | 'content' | 'downloads' | 'registry' | 'meter'>;

/**
 * Write the manifests and blobs of plugins as they were installed, with their digests. The plugins may be enabled, and may
 * be upgraded or removed meanwhile: a lease keeps what is being written.
 * @throws {OutboardError} not-found; invalid for no plugin; the registry's errors when a damaged blob cannot be fetched
 *   again; the errors of `send`
 */
export async function savePlugins(context: SaveContext, request: SaveRequest): Promise<void> {
  const { store, content, downloads, registry, meter } = context;
  const { access, signal } = request;
  const records = [...new Set(request.plugins.map((plugin) => store.find(plugin)))];
  if (records.length === 0) throw new OutboardError('invalid', 'no plugin to save: name at least one');
  await using lease = content.lease();
  for (const record of records) {
    const index = record.indexDigest === undefined ? [] : [record.indexDigest];
    for (const digest of [...index, record.manifestDigest, record.configDigest, ...record.blobDigests])
      lease.add(digest);
  }
  const artifacts: ArchivedArtifact[] = [];
  for (const record of records) {
    artifacts.push(await openPlugin({ content, downloads, registry, record, access, signal }));
  }
  await request.send(counted(meter, writeLayoutArchive(artifacts, { signal })));
}

/** Read the manifests of a plugin, and fetch blobs that are missing, before anything is sent. */
async function openPlugin(origin: BlobOrigin & { readonly record: PluginRecord }): Promise<ArchivedArtifact> {
  const { content, record, signal } = origin;
  const bytes = await readManifest(origin);
  const descriptor = {
    mediaType: record.manifestMediaType,
    digest: record.manifestDigest,
    size: bytes.length,
  };
  const root = (await readIndex(origin)) ?? { descriptor, bytes };
  const entry = { descriptor: root.descriptor, isReferrer: false };
  const reader = createLayoutReader({ entries: [entry], blobs: content }, parseReference(record.name));
  const tree = await readArtifactTree(reader, root, { signal, allowsPartial: true });
  for (const blob of tree.blobs.values()) {
    if (!(await content.stat(blob.digest)).exists) await requireWhole(origin, blob);
  }
  return {
    root,
    tree,
    names: [namesOf(record)],
    async openBlob(blob, cancellable) {
      await requireWhole(origin, blob);
      return await content.open(blob.digest, cancellable);
    },
  };
}

/** The index that the plugin was chosen from, so that its digest stays. @returns undefined when it is not stored */
async function readIndex({
  content,
  record,
}: Pick<BlobOrigin, 'content'> & { readonly record: PluginRecord }): Promise<ResolvedManifest | undefined> {
  const { indexDigest: digest } = record;
  if (digest === undefined || !(await content.stat(digest)).exists) return undefined;
  try {
    const bytes = await content.read(digest, { maxBytes: maxManifestBytes });
    const stated: unknown = JSON.parse(bytes.toString()).mediaType;
    const mediaType = typeof stated === 'string' ? stated : mediaTypes.ociIndex;
    return { descriptor: { mediaType, digest, size: bytes.length }, bytes };
  } catch (error) {
    // The plugin itself is whole without it.
    if (isOutboardError(error) && (error.code === 'damaged-blob' || error.kind === 'not-found'))
      return undefined;
    throw error;
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

async function* counted(
  { sent }: Pick<OperationCall['meter'], 'sent'>,
  archive: AsyncIterable<Buffer>,
): AsyncGenerator<Buffer> {
  for await (const chunk of archive) {
    sent(chunk.length);
    yield chunk;
  }
}
