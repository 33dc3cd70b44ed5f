/**
 * Layers on their way from a registry to a root filesystem: each streams once, in manifest order, into the content
 * store and the unpack jail at the same time.
 */

import type { KeyedQueue } from '@outboard/async';
import { defaultUnpackLimits, type UnpackJail } from '@outboard/container';
import {
  type ContentStore,
  type Descriptor,
  type Digest,
  type Ingest,
  isLayerMediaType,
  type Lease,
  OutboardError,
  shortDigest,
} from '@outboard/oci';
import type { OperationMeter } from '../observe/operation-meter.ts';
import type { ReportProgress } from '../observe/progress.ts';
import type { PluginImage } from './plugin-image.ts';

/** Where layers go. */
export interface LayerDestination {
  readonly content: ContentStore;
  readonly lease: Lease;
  readonly jail: UnpackJail;
  readonly meter: Pick<OperationMeter, 'received'>;
  /** One download per digest at a time; whoever comes second finds the blob in the store. */
  readonly downloads: KeyedQueue;
}

export interface LayerOptions {
  readonly onProgress: ReportProgress;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Fetch and unpack every layer of a plugin, and store its manifest and config.
 * @returns what is odd about the layers but does not keep them from being used
 * @throws {OutboardError} invalid when content differs from its descriptor or an archive is hostile; the registry's errors
 */
export async function downloadLayers(
  image: PluginImage,
  to: LayerDestination,
  options: LayerOptions,
): Promise<readonly string[]> {
  const { manifest, resolved } = image;
  for (const descriptor of [resolved.descriptor, manifest.config, ...manifest.layers])
    to.lease.add(descriptor.digest);
  for (const layer of manifest.layers) requireKnownLayer(layer);
  requireSize(manifest.layers);
  for (const layer of manifest.layers) {
    options.onProgress({ status: 'Waiting', id: shortDigest(layer.digest) });
  }
  const warnings: string[] = [];
  const diffIds: (Digest | undefined)[] = [];
  for (const [index, layer] of manifest.layers.entries()) {
    const applied = await to.downloads.run(
      layer.digest,
      () => transferLayer(image, layer, to, { ...options, diffId: isDiffIdNeeded(image, index) }),
      options.signal,
    );
    warnings.push(...applied.warnings);
    diffIds.push(applied.diffId);
  }
  await to.content.write(image.configBytes);
  await to.content.write(resolved.bytes);
  warnings.push(...compareDiffIds(image, diffIds));
  return warnings;
}

/** Docker skips layers of unknown type in silence and installs an empty plugin; a plugin that lacks files is refused here. */
function requireKnownLayer(layer: Descriptor): void {
  if (isLayerMediaType(layer.mediaType)) return;
  throw new OutboardError(
    'invalid',
    `layer ${layer.digest} has the unknown media type ${JSON.stringify(layer.mediaType)}`,
  );
}

/** What the jail would refuse at its end is not fetched. */
function requireSize(layers: readonly Descriptor[]): void {
  const { maxCompressedBytes } = defaultUnpackLimits;
  const size = layers.reduce((sum, layer) => sum + layer.size, 0);
  if (size <= maxCompressedBytes) return;
  throw new OutboardError(
    'invalid',
    `the layers have ${size} bytes by their manifest, the limit is ${maxCompressedBytes}`,
    { code: 'too-many-bytes' },
  );
}

async function transferLayer(
  image: PluginImage,
  layer: Descriptor,
  to: LayerDestination,
  options: LayerOptions & { readonly diffId: boolean },
) {
  const id = shortDigest(layer.digest);
  const cancellable = options.signal === undefined ? {} : { signal: options.signal };
  // Before anything is made of it: what the jail has unpacked cannot be taken back.
  const stored = await to.content.verify(layer.digest, cancellable);
  // Another size is for the download to refuse.
  if (stored.exists && stored.size === layer.size) {
    options.onProgress({ status: 'Already exists', id });
    const source = await to.content.open(layer.digest, cancellable);
    const applied = await to.jail.apply(countBytes(source, 'Extracting', layer, options), {
      diffId: options.diffId,
      ...cancellable,
    });
    options.onProgress({ status: 'Complete', id });
    return applied;
  }
  options.onProgress({ status: 'Pulling fs layer', id });
  await using ingest = await to.content.ingest(
    layer.digest.startsWith('sha512:') ? { algorithm: 'sha512' } : {},
  );
  // The store verifies it when it commits; what the jail made of it before is thrown away if it differs.
  const source = await image.repository.openBlob(layer, { verify: false, ...cancellable });
  try {
    const counted = countBytes(source, 'Downloading', layer, { ...options, onBytes: to.meter.received });
    const applied = await to.jail.apply(storeWhilePassing(counted, ingest), {
      diffId: options.diffId,
      ...cancellable,
    });
    options.onProgress({ status: 'Download complete', id });
    await ingest.commit(layer);
    options.onProgress({ status: 'Complete', id });
    return applied;
  } finally {
    // A jail that fails before it reads leaves the stream open, and with it the connection.
    source.destroy();
  }
}

/** Pass chunks on, telling how far the transfer is. */
async function* countBytes(
  source: AsyncIterable<Buffer>,
  status: string,
  layer: Descriptor,
  {
    onProgress,
    onBytes,
  }: { readonly onProgress: ReportProgress; readonly onBytes?: (bytes: number) => void },
): AsyncGenerator<Buffer> {
  const id = shortDigest(layer.digest);
  let current = 0;
  for await (const chunk of source) {
    current += chunk.length;
    onBytes?.(chunk.length);
    onProgress({ status, id, current, total: layer.size });
    yield chunk;
  }
}

/** Pass chunks on while they are being stored; the next chunk waits until the last one is. */
async function* storeWhilePassing(source: AsyncIterable<Buffer>, ingest: Ingest): AsyncGenerator<Buffer> {
  for await (const chunk of source) {
    const stored = ingest.append(chunk);
    // The consumer may stop at the yield; the error then has nobody left to concern.
    stored.catch(() => undefined);
    yield chunk;
    await stored;
  }
}

/**
 * Docker 1.13 to 19.03 write digests of uncompressed layers as `rootfs.diff_ids`, later ones those of the compressed
 * blobs, and none reads them today. Either form is right; anything else is only worth a warning, as the layers
 * themselves were verified against the manifest.
 */
function compareDiffIds(image: PluginImage, diffIds: readonly (Digest | undefined)[]): readonly string[] {
  const declared = image.config.rootfs?.diffIds;
  if (declared === undefined) return [];
  const { layers } = image.manifest;
  const isMatch =
    declared.length === layers.length &&
    declared.every((digest, index) => digest === diffIds[index] || digest === layers[index]?.digest);
  return isMatch
    ? []
    : ['rootfs.diff_ids in the config match neither the compressed nor the uncompressed layers'];
}

/** Whether there is something that only the digest of the uncompressed layer can be compared with. */
function isDiffIdNeeded(image: PluginImage, index: number): boolean {
  const declared = image.config.rootfs?.diffIds[index];
  return declared !== undefined && declared !== image.manifest.layers[index]?.digest;
}
