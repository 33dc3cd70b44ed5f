/**
 * Checks the stored content of one version of a plugin: every blob is there and has its digest, and the manifest names the
 * blobs that the record names.
 */
import {
  type Descriptor,
  type Digest,
  type ImageManifest,
  isOutboardError,
  maxManifestBytes,
  parseManifest,
} from '@outboard/oci';
import { maxImageConfigBytes } from '../../config/image-config.ts';
import { readConfigBlob } from '../../config/image-plugin.ts';
import { type BlobOrigin, originOf, readManifest, requireWhole } from '../../distribution/stored-blobs.ts';
import { type CheckedVersion, namedBlobs, versionsOf } from './checked-version.ts';
import type { Inspection } from './inspection.ts';

/**
 * Check the blobs of a version; with `repair`, fetch the damaged and the missing ones again.
 * @returns the manifest, if all layers are whole
 * @throws the signal's reason; the system error of a disk that fails in another way than by damage
 */
export async function checkBlobs(
  inspection: Inspection,
  version: CheckedVersion,
): Promise<ImageManifest | undefined> {
  const manifest = await checkManifest(inspection, version);
  if (manifest === undefined) {
    for (const digest of new Set([version.configDigest, ...version.blobDigests]))
      await checkBlob(inspection, version, { kind: 'layer', digest, refetch: undefined });
    return undefined;
  }
  const ofConfig = await checkBlob(
    inspection,
    version,
    toFetch(inspection, version, manifest.config, 'document'),
  );
  if (ofConfig) await checkConfig(inspection, version, manifest.config);
  let isWhole = true;
  const layers = new Map(manifest.layers.map((layer) => [layer.digest, layer]));
  for (const layer of layers.values())
    isWhole = (await checkBlob(inspection, version, toFetch(inspection, version, layer, 'layer'))) && isWhole;
  return isWhole ? manifest : undefined;
}

async function checkManifest(
  inspection: Inspection,
  version: CheckedVersion,
): Promise<ImageManifest | undefined> {
  const { content } = inspection.context;
  const digest = version.manifestDigest;
  const refetch = () =>
    fromAnyOrigin(inspection, version, digest, async (origin) => {
      await readManifest({ ...origin, record: { ...origin.record, manifestDigest: digest } });
    });
  if (!(await checkBlob(inspection, version, { kind: 'document', digest, refetch }))) return undefined;
  const { plugin } = version;
  try {
    const bytes = await content.read(digest, { maxBytes: maxManifestBytes });
    const manifest = parseManifest(bytes, version.manifestMediaType);
    const named = [manifest.config.digest, ...manifest.layers.map((layer) => layer.digest)];
    const recorded = [version.configDigest, ...version.blobDigests];
    if (String(named) !== String(recorded)) {
      const problem = `it names other blobs than manifest ${digest}`;
      const remedy = `install the plugin again: outboard upgrade ${plugin.name}`;
      inspection.report({ subject: 'record', plugin, path: version.recordPath, problem, remedy });
    }
    return manifest;
  } catch (error) {
    if (!isOutboardError(error)) throw error;
    reportUnreadable(inspection, version, digest, error.message);
    return undefined;
  }
}

/** The config must be one that can be installed. */
async function checkConfig(
  inspection: Inspection,
  version: CheckedVersion,
  { digest, mediaType }: Descriptor,
): Promise<void> {
  try {
    const bytes = await inspection.context.content.read(digest, { maxBytes: maxImageConfigBytes });
    readConfigBlob(bytes, mediaType);
  } catch (error) {
    if (!isOutboardError(error)) throw error;
    reportUnreadable(inspection, version, digest, error.message);
  }
}

function reportUnreadable(
  inspection: Inspection,
  { plugin }: CheckedVersion,
  digest: Digest,
  problem: string,
): void {
  const remedy = `install the plugin again: outboard upgrade ${plugin.name}`;
  inspection.report({ subject: 'blob', plugin, path: inspection.blobPath(digest), problem, remedy });
}

interface WantedBlob {
  readonly kind: 'document' | 'layer';
  readonly digest: Digest;
  /** By its manifest; undefined for the manifest itself. */
  readonly size?: number | undefined;
  /** Fetches it again; undefined when nothing tells its size. */
  readonly refetch: (() => Promise<void>) | undefined;
}

function toFetch(
  inspection: Inspection,
  version: CheckedVersion,
  blob: Descriptor,
  kind: WantedBlob['kind'],
): WantedBlob {
  const refetch = () =>
    fromAnyOrigin(inspection, version, blob.digest, (origin) => requireWhole(origin, blob));
  return { kind, digest: blob.digest, size: blob.size, refetch };
}

/**
 * Fetch from where the version came from, and then from where others with the same blob came from.
 * @throws the error of the first one
 */
async function fromAnyOrigin(
  { context, request }: Inspection,
  version: CheckedVersion,
  digest: Digest,
  fetch: (origin: BlobOrigin) => Promise<void>,
): Promise<void> {
  const { store, content, downloads, registry, signal } = context;
  const others = store.all().flatMap((record) => versionsOf(store, record));
  const sharing = others.filter((other) => namedBlobs(other).includes(digest));
  const origins = new Map([version, ...sharing].map((record) => [originOf(record), record]));
  let first: unknown;
  for (const record of origins.values()) {
    try {
      const { accessTo } = request;
      return await fetch({ content, downloads, registry, record, accessTo, signal });
    } catch (error) {
      signal.throwIfAborted();
      first ??= error;
    }
  }
  throw first;
}

/** @returns true if the blob is whole, or was fetched again */
async function checkBlob(
  inspection: Inspection,
  version: CheckedVersion,
  wanted: WantedBlob,
): Promise<boolean> {
  inspection.context.signal.throwIfAborted();
  const { digest, refetch } = wanted;
  const problem = await findProblem(inspection, wanted);
  if (problem === undefined) return true;
  const { plugin } = version;
  const found = { subject: 'blob', plugin, path: inspection.blobPath(digest), problem } as const;
  if (inspection.request.repair !== true || refetch === undefined) {
    const remedy = `fetch it again from ${originOf(version)}: outboard fsck --repair ${plugin.name}`;
    inspection.report({ ...found, remedy });
    return false;
  }
  try {
    await refetch();
    inspection.forgetBlob(digest);
    inspection.report({ ...found, isRepaired: true });
    return true;
  } catch (error) {
    inspection.context.signal.throwIfAborted();
    if (!isOutboardError(error)) throw error;
    const loss = 'the plugin runs on, but cannot be pushed, exported or repaired until it is installed again';
    inspection.report({ ...found, remedy: `${error.message}; ${loss}` });
    return false;
  }
}

async function findProblem(
  inspection: Inspection,
  { digest, size, kind }: WantedBlob,
): Promise<string | undefined> {
  const blob = await inspection.inspectBlob(digest, kind);
  if (!blob.exists) return 'it is missing';
  if (size !== undefined && blob.size !== size) return `it has ${blob.size} bytes, want ${size}`;
  return blob.damage;
}
