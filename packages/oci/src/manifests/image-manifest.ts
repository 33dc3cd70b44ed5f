/**
 * The manifest of one plugin or image: a config and layers, in the order in which they are applied.
 */
import * as z from 'zod';
import { OutboardError } from '../errors/outboard-error.ts';
import type { Descriptor } from './descriptor.ts';
import {
  annotationsSchema,
  descriptorSchema,
  documentObject,
  parseWith,
  readDocument,
} from './document-schema.ts';
import { isForeignLayerMediaType, isLayerMediaType, isManifestMediaType, mediaTypes } from './media-types.ts';

/** Upper bound of layers in one manifest. */
const maxLayers = 128;

/** A checked manifest. @see OCI image-spec v1.1.1, manifest.md; Docker image manifest v2 schema 2 */
export interface ImageManifest {
  readonly schemaVersion: 2;
  /** Media type under which it was served; it decides how the document is read. */
  readonly mediaType: string;
  readonly config: Descriptor;
  /** At least one, each of a type that `isLayerMediaType` accepts; lowest layer first. */
  readonly layers: readonly Descriptor[];
  readonly annotations?: Readonly<Record<string, string>>;
}

const manifestSchema = documentObject({
  config: descriptorSchema,
  layers: z
    .array(descriptorSchema)
    .min(1, 'want at least one layer')
    .max(maxLayers, `want at most ${maxLayers} layers`),
  annotations: annotationsSchema,
});

/**
 * Parse a manifest. The caller checks the media type of its config.
 *
 * A layer may be listed more than once, with the same size each time. `subject`, `artifactType` and unknown fields are
 * ignored, as the spec demands.
 * @param text its bytes, or the text that `decodeManifest` made of them
 * @param mediaType Content-Type or descriptor's media type, without parameters
 * @throws {OutboardError} invalid
 */
export function parseManifest(text: Uint8Array | string, mediaType: string): ImageManifest {
  if (!isManifestMediaType(mediaType)) {
    throw new OutboardError(
      'invalid',
      `invalid manifest: ${JSON.stringify(mediaType.slice(0, 300))} is not the media type of a manifest`,
    );
  }
  const document = readDocument(text, { subject: 'manifest', mediaType, foreignFields: ['manifests'] });
  const { config, layers, annotations } = parseWith(manifestSchema, document, 'manifest');
  refuseUnusableLayers(layers);
  return { schemaVersion: 2, mediaType, config, layers, ...(annotations !== undefined && { annotations }) };
}

function refuseUnusableLayers(layers: readonly Descriptor[]): void {
  const sizes = new Map<string, number>();
  for (const layer of layers) {
    if (isForeignLayerMediaType(layer.mediaType)) {
      throw new OutboardError(
        'invalid',
        `invalid manifest: layer ${layer.digest} is of foreign type "${layer.mediaType}": only layers kept in the registry are used`,
      );
    }
    if (!isLayerMediaType(layer.mediaType)) {
      throw new OutboardError(
        'invalid',
        `invalid manifest: layer ${layer.digest} is of unknown type "${layer.mediaType}", want a tar, gzip or zstd layer`,
      );
    }
    const size = sizes.get(layer.digest) ?? layer.size;
    if (size !== layer.size) {
      throw new OutboardError(
        'invalid',
        `invalid manifest: layer ${layer.digest} is listed with two sizes, ${size} and ${layer.size}`,
      );
    }
    sizes.set(layer.digest, size);
  }
}

/**
 * Encode a manifest as compact JSON, Docker's schema 2 as `docker plugin create` stores it.
 * @param manifest.mediaType default Docker's schema 2, which has no annotations
 * @see moby v20.10, plugin/backend_linux.go `buildManifest`; OCI image-spec v1.1.1, manifest.md
 */
export function encodeManifest(manifest: {
  readonly mediaType?: string | undefined;
  readonly config: Descriptor;
  readonly layers: readonly Descriptor[];
  readonly annotations?: Readonly<Record<string, string>> | undefined;
}): Buffer {
  const { mediaType = mediaTypes.dockerManifest, annotations } = manifest;
  const document = {
    schemaVersion: 2,
    mediaType,
    config: encodedDescriptor(manifest.config),
    layers: manifest.layers.map(encodedDescriptor),
    ...(mediaType === mediaTypes.ociManifest && { annotations }),
  };
  return Buffer.from(JSON.stringify(document));
}

function encodedDescriptor({ mediaType, digest, size }: Descriptor) {
  return { mediaType, digest, size };
}
