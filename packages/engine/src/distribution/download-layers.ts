/**
 * Downloads layers: up to a few at once go from the registry into the content store, and each is unpacked in manifest order, the
 * first ones while they are still received.
 */

import { onAbort, rejectOnAbort } from '@outboard/async';
import type { AppliedLayer, UnpackJail } from '@outboard/container';
import {
  type ContentStore,
  type Descriptor,
  type Digest,
  isLayerMediaType,
  isOutboardError,
  type Lease,
  OutboardError,
  shortDigest,
} from '@outboard/oci';
import type { OperationMeter } from '../observe/operation-meter.ts';
import type { ReportProgress } from '../observe/progress.ts';
import type { BlobDownloads } from './blob-downloads.ts';
import { type LayerSource, type LayerSources, openLayerSources } from './layer-sources.ts';
import type { PluginImage } from './plugin-image.ts';
import type { TransferLimits } from './transfer-limits.ts';

/** Destination of layers. */
export interface LayerDestination {
  readonly content: ContentStore;
  readonly lease: Lease;
  readonly jail: UnpackJail;
  readonly meter: Pick<OperationMeter, 'received'>;
  readonly downloads: BlobDownloads;
  readonly limits: TransferLimits;
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
  requireSize(manifest.layers, to.limits);
  for (const layer of manifest.layers) {
    options.onProgress({ status: 'Waiting', id: shortDigest(layer.digest) });
  }
  const applied = await unpackLayers(image, to, options);
  await to.content.write(image.configBytes);
  await to.content.write(resolved.bytes);
  const diffIds = applied.map(({ diffId }) => diffId);
  return [...applied.flatMap(({ warnings }) => warnings), ...compareDiffIds(image, diffIds)];
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
function requireSize(layers: readonly Descriptor[], { maxLayerBytes, maxPluginBytes }: TransferLimits): void {
  const size = layers.reduce((sum, layer) => sum + layer.size, 0);
  if (size <= maxLayerBytes) return;
  throw new OutboardError(
    'invalid',
    `the layers have ${size} bytes by their manifest, which is too much for the largest permitted plugin, ` +
      `of ${maxPluginBytes} bytes (max-plugin-size)`,
    { code: 'too-many-bytes' },
  );
}

/** Fetch and unpack the layers. The first failure ends all of it. */
async function unpackLayers(
  image: PluginImage,
  to: LayerDestination,
  { onProgress, signal }: LayerOptions,
): Promise<readonly AppliedLayer[]> {
  signal?.throwIfAborted();
  const scope = new AbortController();
  const stopListening = onAbort(signal, (reason) => scope.abort(reason));
  try {
    await using sources = openLayerSources({
      ...to,
      maxDownloads: to.limits.maxConcurrentDownloads,
      image,
      onProgress,
      scope,
    });
    return await unpackInOrder(image, to.jail, { sources, onProgress, signal: scope.signal });
  } finally {
    stopListening();
  }
}

async function unpackInOrder(
  image: PluginImage,
  jail: UnpackJail,
  options: {
    readonly sources: LayerSources;
    readonly onProgress: ReportProgress;
    readonly signal: AbortSignal;
  },
): Promise<readonly AppliedLayer[]> {
  const { sources, onProgress, signal } = options;
  const applied: AppliedLayer[] = [];
  try {
    for (const [index, layer] of image.manifest.layers.entries()) {
      const source = await rejectOnAbort(sources.get(layer), signal);
      const diffId = isDiffIdNeeded(image, index);
      const report = (status: string, current?: number) =>
        onProgress({ status, id: shortDigest(layer.digest), current, total: current && layer.size });
      applied.push(await unpackLayer(jail, source, { diffId, report, signal }));
    }
    return applied;
  } catch (error) {
    // The failure of a later layer ends this one, with an error that tells less.
    signal.throwIfAborted();
    throw error;
  }
}

async function unpackLayer(
  jail: UnpackJail,
  source: LayerSource,
  options: {
    readonly diffId: boolean;
    readonly report: (status: string, current?: number) => void;
    readonly signal: AbortSignal;
  },
): Promise<AppliedLayer> {
  const { diffId, report, signal } = options;
  try {
    const applied = await jail.apply(reportExtracting(source, report), { diffId, signal });
    await source.settle();
    report('Complete');
    return applied;
  } catch (error) {
    // Bytes that do not fit together look like a malformed archive: the digest tells one from the other.
    if (source.isUnproven && isOutboardError(error, 'invalid')) await source.settle();
    throw error;
  }
}

/** Pass the content through. While it is received, its progress is that of the download. */
async function* reportExtracting(
  source: LayerSource,
  report: (status: string, current: number) => void,
): AsyncGenerator<Buffer> {
  let current = 0;
  for await (const chunk of await source.read()) {
    current += chunk.length;
    if (source.isStored) report('Extracting', current);
    yield chunk;
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
