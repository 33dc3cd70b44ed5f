/**
 * Stores what a version of a plugin that is made here consists of: one compressed layer, its config and its manifest.
 */
import { compressLayer } from '@outboard/container';
import {
  type ContentStore,
  type Descriptor,
  type Digest,
  digestOf,
  type ExpectedContent,
  encodeManifest,
  type Ingest,
  type JsonObject,
  type Lease,
  layerMediaType,
  type ManifestFormat,
  manifestMediaType,
  mediaTypes,
} from '@outboard/oci';
import type { PluginConfig } from '../../config/plugin-config.ts';
import { encodeConfigBlobInTurns } from '../../config/plugin-document.ts';
import { computePrivileges } from '../../config/privileges.ts';
import type { InstalledParts } from './installed-parts.ts';

/** A compressed layer in the store. */
export interface StoredLayer extends ExpectedContent {
  /** Digest of the layer without compression. */
  readonly diffId: Digest;
}

/** Where content is stored, and what keeps it until a record refers to it. */
export interface VersionDestination {
  readonly content: Pick<ContentStore, 'write'>;
  readonly lease: Lease;
}

/** Compress a tar into an ingest and commit it. */
export async function storeCompressed(
  tar: AsyncIterable<Buffer>,
  to: { readonly ingest: Ingest; readonly lease: Lease; readonly signal: AbortSignal | undefined },
): Promise<ExpectedContent> {
  for await (const chunk of compressLayer(tar, { signal: to.signal })) await to.ingest.append(chunk);
  to.lease.add(to.ingest.digest());
  return to.ingest.commit();
}

/** Config and manifest of a version, as they are stored. */
export interface StoredVersion {
  readonly config: Descriptor;
  readonly manifest: Descriptor;
  readonly manifestBytes: Buffer;
  readonly layer: Descriptor;
}

/**
 * Store config and manifest of a plugin with one layer.
 * @param document config as `parsePluginConfig` returned it
 * @param to.format of the manifest; default Docker's, which every engine since 1.13 installs
 */
export async function storeVersion(
  document: JsonObject,
  stored: StoredLayer,
  {
    content,
    lease,
    format = 'docker',
  }: VersionDestination & { readonly format?: ManifestFormat | undefined },
): Promise<StoredVersion> {
  const encoded = await encodeConfigBlobInTurns(document, [stored.diffId]);
  const config = await store(encoded, mediaTypes.dockerPluginConfig);
  const { digest, size } = stored;
  const layer = {
    mediaType: layerMediaType(format, 'gzip') ?? mediaTypes.dockerLayerGzip,
    digest,
    size,
  };
  const mediaType = manifestMediaType(format);
  const manifestBytes = encodeManifest({ mediaType, config, layers: [layer] });
  return { config, layer, manifestBytes, manifest: await store(manifestBytes, mediaType) };

  async function store(bytes: Buffer, mediaType: string): Promise<Descriptor> {
    lease.add(digestOf(bytes)); // before it is stored, so that it is never collected
    return { mediaType, ...(await content.write(bytes)) };
  }
}

/** The part of a record that a version made here brings. @param name local name of the plugin */
export function installedParts(
  name: string,
  config: PluginConfig,
  { version, diffId }: { readonly version: StoredVersion; readonly diffId: Digest },
): InstalledParts {
  return {
    pluginReference: name,
    config: { ...config, rootfs: { type: 'layers', diffIds: [diffId] } },
    configDigest: version.config.digest,
    manifestDigest: version.manifest.digest,
    manifestMediaType: version.manifest.mediaType,
    blobDigests: [version.layer.digest],
    privileges: computePrivileges(config),
  };
}
