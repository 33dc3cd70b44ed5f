/**
 * Downloads layers: each streams once, in manifest order, from the registry into the content store and the unpack jail at the
 * same time.
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

/** Destination of layers. */
export interface LayerDestination {
  readonly content: ContentStore;
  readonly lease: Lease;
  readonly jail: UnpackJail;
  readonly meter: Pick<OperationMeter, 'received'>;
  /** Keyed by digest: a second download of a blob waits, and finds it in the store. */
  readonly downloads: KeyedQueue;
}

/** Options of a download. */
export interface LayerOptions {
  readonly onProgress: ReportProgress;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Fetch and unpack every layer of a plugin, and store its manifest and config.
 * @returns warnings about the layers
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

/** Refuse layers of unknown type. Docker skips them silently, and installs a plugin that lacks files. */
function requireKnownLayer(layer: Descriptor): void {
  if (isLayerMediaType(layer.mediaType)) return;
  throw new OutboardError(
    'invalid',
    `layer ${layer.digest} has the unknown media type ${JSON.stringify(layer.mediaType)}`,
  );
}

/** Refuse before the download a size that the jail would refuse at its end. */
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
  const { signal } = options;
  // Before unpacking, which cannot be undone.
  const stored = await to.content.verify(layer.digest, { signal });
  // The download refuses a blob of another size.
  if (stored.exists && stored.size === layer.size) {
    options.onProgress({ status: 'Already exists', id });
    const source = await to.content.open(layer.digest, { signal });
    const applied = await to.jail.apply(countBytes(source, 'Extracting', layer, options), {
      diffId: options.diffId,
      signal,
    });
    options.onProgress({ status: 'Complete', id });
    return applied;
  }
  options.onProgress({ status: 'Pulling fs layer', id });
  await using ingest = await to.content.ingest(
    layer.digest.startsWith('sha512:') ? { algorithm: 'sha512' } : {},
  );
  // The store verifies the digest at commit; if it differs, the unpacked tree is discarded.
  const source = await image.repository.openBlob(layer, { verify: false, signal });
  try {
    const counted = countBytes(source, 'Downloading', layer, { ...options, onBytes: to.meter.received });
    const applied = await to.jail.apply(storeWhilePassing(counted, ingest), {
      diffId: options.diffId,
      signal,
    });
    options.onProgress({ status: 'Download complete', id });
    await ingest.commit(layer);
    options.onProgress({ status: 'Complete', id });
    return applied;
  } finally {
    // A jail that fails before it reads would leave the connection open.
    source.destroy();
  }
}

/** Pass chunks through and report progress. */
async function* countBytes(
  source: AsyncIterable<Buffer>,
  status: string,
  layer: Descriptor,
  {
    onProgress,
    onBytes,
  }: { readonly onProgress: ReportProgress; readonly onBytes?: ((bytes: number) => void) | undefined },
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

/** Pass each chunk through while it is being stored; the next chunk waits for both. */
async function* storeWhilePassing(source: AsyncIterable<Buffer>, ingest: Ingest): AsyncGenerator<Buffer> {
  for await (const chunk of source) {
    const stored = ingest.append(chunk);
    // The consumer may stop at the yield; the error has no receiver then.
    stored.catch(() => undefined);
    yield chunk;
    await stored;
  }
}

/**
 * Compare `rootfs.diff_ids` with the layers. Docker 1.13 to 19.03 write digests of uncompressed layers there, later versions
 * digests of the compressed blobs, and none reads them. Both forms are accepted; a mismatch is only a warning, because the
 * layers are verified against the manifest.
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

/** True if the declared diff ID can only be compared with the digest of the uncompressed layer. */
function isDiffIdNeeded(image: PluginImage, index: number): boolean {
  const declared = image.config.rootfs?.diffIds[index];
  return declared !== undefined && declared !== image.manifest.layers[index]?.digest;
}
