/**
 * Flattens plugins: layers that were applied one on another become one layer, and an image becomes a plugin of the form that
 * every engine installs.
 */
import type { Cancellable } from '@outboard/async';
import type { UnpackJail } from '@outboard/container';
import {
  type ContentStore,
  createDigester,
  type ImageManifest,
  type JsonObject,
  type Lease,
  parseManifest,
} from '@outboard/oci';
import { maxImageConfigBytes } from '../../config/image-config.ts';
import { readConfigBlob } from '../../config/image-plugin.ts';
import type { PluginRecord } from '../../config/plugin-config.ts';
import { type BlobOrigin, readManifest, requireWhole } from '../../distribution/stored-blobs.ts';
import type { OperationCall } from '../face-rows.ts';
import { type StoredLayer, type StoredVersion, storeCompressed, storeVersion } from './store-version.ts';

/**
 * Store the tree of a jail as one compressed layer.
 * @throws {OutboardError} as `UnpackJail.archive`; the store's errors
 */
export async function storeTree(
  { content }: { readonly content: ContentStore },
  jail: Pick<UnpackJail, 'archive'>,
  { lease, signal }: Cancellable & { readonly lease: Lease },
): Promise<StoredLayer> {
  await using ingest = await content.ingest();
  const digester = createDigester();
  async function* digested(): AsyncGenerator<Buffer> {
    for await (const piece of jail.archive({ signal })) {
      digester.update(piece);
      yield piece;
    }
  }
  const stored = await storeCompressed(digested(), { ingest, lease, signal });
  return { ...stored, diffId: digester.digest() };
}

/** The stored content of an installed plugin. */
export interface StoredPlugin {
  readonly manifest: ImageManifest;
  /** The bytes of the config blob. */
  readonly configBytes: Buffer;
  /** Its config with every unknown key; of an image, completed by what the image says. */
  readonly document: JsonObject;
}

/**
 * Read manifest and config of an installed plugin, and lease its blobs. Lost blobs are fetched again.
 * @throws {OutboardError} as `readManifest`
 */
export async function readStoredPlugin(
  origin: BlobOrigin & { readonly record: PluginRecord },
  lease: Lease,
): Promise<StoredPlugin> {
  const { record, content } = origin;
  for (const digest of [record.manifestDigest, record.configDigest, ...record.blobDigests]) lease.add(digest);
  const manifest = parseManifest(await readManifest(origin), record.manifestMediaType);
  await requireWhole(origin, manifest.config);
  const configBytes = await content.read(manifest.config.digest, { maxBytes: maxImageConfigBytes });
  const { document } = readConfigBlob(configBytes, manifest.config.mediaType);
  return { manifest, configBytes, document };
}

/** Unpack the stored layers of a plugin into a jail. Lost blobs are fetched again. @throws {OutboardError} as `requireWhole` */
export async function unpackStored(
  origin: BlobOrigin,
  { manifest }: StoredPlugin,
  jail: Pick<UnpackJail, 'apply'>,
): Promise<void> {
  const { content, signal } = origin;
  for (const layer of manifest.layers) {
    await requireWhole(origin, layer);
    const source = await content.open(layer.digest, { signal });
    try {
      await jail.apply(source, { diffId: false, signal });
    } finally {
      source.destroy();
    }
  }
}

/**
 * Store an installed plugin in the form that every engine since Docker 1.13 installs: a plugin config and one gzip layer. The
 * same plugin gives the same bytes each time.
 * @param lease keeps the new blobs
 * @throws {OutboardError} the registry's error when a lost blob cannot be fetched again; the store's and jail's errors
 */
export async function flattenPlugin(
  { workspaces }: Pick<OperationCall, 'workspaces'>,
  origin: BlobOrigin & { readonly record: PluginRecord },
  lease: Lease,
): Promise<StoredVersion> {
  const { content, signal } = origin;
  const stored = await readStoredPlugin(origin, lease);
  await using workspace = await workspaces.open();
  await unpackStored(origin, stored, workspace.jail);
  const layer = await storeTree({ content }, workspace.jail, { lease, signal });
  return await storeVersion(stored.document, layer, { content, lease });
}
