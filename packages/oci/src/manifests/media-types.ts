/**
 * The media types of manifests, configs and layers.
 */

/** Media types by role. @see Docker image manifest v2 schema 2; OCI image-spec v1.1.1, media-types.md */
export const mediaTypes = {
  dockerManifest: 'application/vnd.docker.distribution.manifest.v2+json',
  dockerManifestList: 'application/vnd.docker.distribution.manifest.list.v2+json',
  ociManifest: 'application/vnd.oci.image.manifest.v1+json',
  ociIndex: 'application/vnd.oci.image.index.v1+json',

  dockerPluginConfig: 'application/vnd.docker.plugin.v1+json',
  dockerImageConfig: 'application/vnd.docker.container.image.v1+json',
  ociImageConfig: 'application/vnd.oci.image.config.v1+json',

  dockerLayer: 'application/vnd.docker.image.rootfs.diff.tar',
  dockerLayerGzip: 'application/vnd.docker.image.rootfs.diff.tar.gzip',
  ociLayer: 'application/vnd.oci.image.layer.v1.tar',
  ociLayerGzip: 'application/vnd.oci.image.layer.v1.tar+gzip',
  ociLayerZstd: 'application/vnd.oci.image.layer.v1.tar+zstd',

  dockerForeignLayer: 'application/vnd.docker.image.rootfs.foreign.diff.tar',
  dockerForeignLayerGzip: 'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip',
  ociForeignLayer: 'application/vnd.oci.image.layer.nondistributable.v1.tar',
  ociForeignLayerGzip: 'application/vnd.oci.image.layer.nondistributable.v1.tar+gzip',
  ociForeignLayerZstd: 'application/vnd.oci.image.layer.nondistributable.v1.tar+zstd',
} as const;

const indexes: ReadonlySet<string> = new Set([mediaTypes.dockerManifestList, mediaTypes.ociIndex]);
const manifests: ReadonlySet<string> = new Set([mediaTypes.dockerManifest, mediaTypes.ociManifest]);
const layers: ReadonlySet<string> = new Set([
  mediaTypes.dockerLayer,
  mediaTypes.dockerLayerGzip,
  mediaTypes.ociLayer,
  mediaTypes.ociLayerGzip,
  mediaTypes.ociLayerZstd,
]);
const foreignLayers: ReadonlySet<string> = new Set([
  mediaTypes.dockerForeignLayer,
  mediaTypes.dockerForeignLayerGzip,
  mediaTypes.ociForeignLayer,
  mediaTypes.ociForeignLayerGzip,
  mediaTypes.ociForeignLayerZstd,
]);

/** True for a list of manifests, one per platform. */
export function isIndexMediaType(mediaType: string): boolean {
  return indexes.has(mediaType);
}

/** True for the manifest of one image or plugin. */
export function isManifestMediaType(mediaType: string): boolean {
  return manifests.has(mediaType);
}

/** True for a layer that can be fetched and unpacked: plain, gzip or zstd tar. */
export function isLayerMediaType(mediaType: string): boolean {
  return layers.has(mediaType);
}

/** True for a foreign (nondistributable) layer, which is not kept in its registry and never fetched. */
export function isForeignLayerMediaType(mediaType: string): boolean {
  return foreignLayers.has(mediaType);
}
