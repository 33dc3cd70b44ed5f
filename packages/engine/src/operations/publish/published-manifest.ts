/**
 * The manifest under which an installed plugin is pushed: its own bytes, or another one in the format that was asked for.
 */
import { loadZstd, type Workspaces } from '@outboard/container';
import {
  type ContentStore,
  convertManifest,
  type Descriptor,
  type Digest,
  decompress,
  detectCompression,
  digestOf,
  type ImageManifest,
  type Lease,
  layerMediaType,
  type ManifestFormat,
  manifestMediaType,
  parseManifest,
} from '@outboard/oci';
import { isImageConfigMediaType } from '../../config/image-config.ts';
import type { PluginRecord } from '../../config/plugin-config.ts';
import { type BlobOrigin, readManifest, requireWhole } from '../../distribution/stored-blobs.ts';
import { flattenPlugin } from '../content/flatten-plugin.ts';
import { storeCompressed } from '../content/store-version.ts';

/**
 * `stored`: the bytes that were made or pulled, so that the digest stays. `docker`: for every engine since 1.13; an image that
 * its label makes a plugin is flattened to a classic plugin, since Docker Engine installs no images.
 */
export type PushFormat = 'stored' | ManifestFormat;

/** A manifest to push after its blobs. */
export interface PublishedManifest {
  readonly descriptor: Descriptor;
  readonly bytes: Buffer;
  /** Layers, then the config. */
  readonly blobs: readonly Descriptor[];
}

/** The plugin of a push. */
export interface PushSource {
  readonly origin: BlobOrigin;
  readonly record: PluginRecord;
  /** Holds the blobs of the record, and those that are made here. */
  readonly lease: Lease;
  /** Where an image is unpacked to be flattened. */
  readonly workspaces: Workspaces;
}

/**
 * Make the manifest of a push. Layers that the format does not have are compressed again, with gzip; the digests of their
 * content, which the config names, stay.
 * @throws {OutboardError} the registry's errors, when a damaged blob cannot be fetched again; invalid for a damaged layer
 */
export async function makePublishedManifest(
  source: PushSource,
  format: PushFormat,
): Promise<PublishedManifest> {
  const { record } = source;
  const stored = await readManifest(source.origin);
  const manifest = parseManifest(stored, record.manifestMediaType);
  if (format === 'docker' && isImageConfigMediaType(manifest.config.mediaType)) return await flatten(source);
  if (format === 'stored') return describe(manifest.mediaType, stored, [...manifest.layers, manifest.config]);
  const layers = await layersIn(source, manifest, format);
  const converted = convertManifest(manifest, format, layers) ?? stored;
  return describe(manifestMediaType(format), converted, [...layers, manifest.config]);
}

async function flatten({ workspaces, origin, record, lease }: PushSource): Promise<PublishedManifest> {
  const flat = await flattenPlugin({ workspaces }, { ...origin, record }, lease);
  return { descriptor: flat.manifest, bytes: flat.manifestBytes, blobs: [flat.layer, flat.config] };
}

function describe(mediaType: string, bytes: Buffer, blobs: readonly Descriptor[]): PublishedManifest {
  return { descriptor: { mediaType, digest: digestOf(bytes), size: bytes.length }, bytes, blobs };
}

/** The layers of a manifest in a format. A layer that is listed twice is converted once. */
async function layersIn(
  source: PushSource,
  manifest: ImageManifest,
  format: ManifestFormat,
): Promise<readonly Descriptor[]> {
  const made = new Map<string, Descriptor>();
  for (const layer of manifest.layers) {
    if (!made.has(layer.digest)) made.set(layer.digest, await layerIn(source, layer, format));
  }
  return manifest.layers.map((layer) => made.get(layer.digest) ?? layer);
}

async function layerIn(
  { origin, lease }: PushSource,
  layer: Descriptor,
  format: ManifestFormat,
): Promise<Descriptor> {
  const { content, signal } = origin;
  await requireWhole(origin, layer);
  const { digest, size } = layer;
  const compression = await readCompression(content, digest);
  const mediaType = layerMediaType(format, compression);
  // Engines before zstd read gzip and plain archives; gzip is what all of them wrote.
  if (mediaType !== undefined && (format === 'oci' || compression === 'gzip'))
    return { mediaType, digest, size };
  const { content: archive } = await decompress(await content.open(digest, { signal }), {
    makeZstdInflater: loadZstd(),
    signal,
  });
  await using ingest = await content.ingest();
  const gzip = await storeCompressed(archive, { ingest, lease, signal });
  return { ...gzip, mediaType: layerMediaType(format, 'gzip') ?? layer.mediaType };
}

/** By the first bytes: the media type of a layer may be wrong. */
async function readCompression(content: ContentStore, digest: Digest): Promise<string> {
  for await (const chunk of await content.open(digest)) return detectCompression(chunk);
  return 'none';
}
