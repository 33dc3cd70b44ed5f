/**
 * The two formats of manifests, Docker's schema 2 and the one of OCI: which media types each has for the same content, and
 * manifests written anew in the other one.
 */
import { OutboardError } from '../errors/outboard-error.ts';
import type { Descriptor } from './descriptor.ts';
import { encodeManifest, type ImageManifest } from './image-manifest.ts';
import { mediaTypes } from './media-types.ts';

/** Format of a manifest. */
export type ManifestFormat = 'docker' | 'oci';

/** Media types of a layer by its compression; Docker has none for zstd. */
const layerTypes: Readonly<Record<ManifestFormat, ReadonlyMap<string, string>>> = {
  docker: new Map([
    ['none', mediaTypes.dockerLayer],
    ['gzip', mediaTypes.dockerLayerGzip],
  ]),
  oci: new Map([
    ['none', mediaTypes.ociLayer],
    ['gzip', mediaTypes.ociLayerGzip],
    ['zstd', mediaTypes.ociLayerZstd],
  ]),
};

/** Configs of images by format; the config of a plugin has one type in both. */
const imageConfigs = { docker: mediaTypes.dockerImageConfig, oci: mediaTypes.ociImageConfig } as const;

/** Media type of the manifests of a format. */
export function manifestMediaType(format: ManifestFormat): string {
  return format === 'docker' ? mediaTypes.dockerManifest : mediaTypes.ociManifest;
}

/**
 * Media type of a layer in a format.
 * @param compression as `detectCompression` returns it
 * @returns undefined where the format has none, as Docker's for zstd
 */
export function layerMediaType(format: ManifestFormat, compression: string): string | undefined {
  return layerTypes[format].get(compression);
}

/**
 * Write a manifest in a format.
 * @param layers in place of its own, lowest first, with media types of that format
 * @returns undefined when it is in that format with these layers already, so that its own bytes are right
 * @throws {OutboardError} invalid for another number of layers
 */
export function convertManifest(
  manifest: ImageManifest,
  format: ManifestFormat,
  layers: readonly Descriptor[],
): Buffer | undefined {
  if (layers.length !== manifest.layers.length) {
    throw new OutboardError(
      'invalid',
      `a manifest of ${manifest.layers.length} layers cannot have ${layers.length}`,
    );
  }
  const config = { ...manifest.config, mediaType: configMediaType(manifest.config.mediaType, format) };
  const mediaType = manifestMediaType(format);
  const isSame =
    manifest.mediaType === mediaType &&
    config.mediaType === manifest.config.mediaType &&
    layers.every(({ digest, mediaType }, index) => {
      const own = manifest.layers[index];
      return own?.digest === digest && own.mediaType === mediaType;
    });
  return isSame
    ? undefined
    : encodeManifest({ mediaType, config, layers, annotations: manifest.annotations });
}

function configMediaType(mediaType: string, format: ManifestFormat): string {
  const isImage = mediaType === imageConfigs.docker || mediaType === imageConfigs.oci;
  return isImage ? imageConfigs[format] : mediaType;
}
