/**
 * The manifest of any artifact: an image, a plugin, a Helm chart, a signature, an attestation.
 */
import * as z from 'zod';
import { OutboardError } from '../errors/outboard-error.ts';
import type { Descriptor } from './descriptor.ts';
import {
  annotationsSchema,
  descriptorSchema,
  documentObject,
  optionalDescriptorSchema,
  optionalMediaTypeSchema,
  parseWith,
  readDocument,
} from './document-schema.ts';
import { isManifestMediaType } from './media-types.ts';

/** Upper bound of blobs in one manifest: a manifest of 4 MiB holds more, but no known artifact does. */
const maxBlobs = 4096;

/** A checked manifest. @see OCI image-spec v1.1.1, manifest.md, "Guidelines for Artifact Usage" */
export interface ArtifactManifest {
  /** `artifactType` of the manifest, else the media type of its config. */
  readonly artifactType: string;
  readonly config: Descriptor;
  /** Of any media type; may be empty. */
  readonly layers: readonly Descriptor[];
  /** The manifest that this one says something about, such as the image that a signature signs. */
  readonly subject?: Descriptor;
  readonly annotations?: Readonly<Record<string, string>>;
}

const artifactSchema = documentObject({
  config: descriptorSchema,
  layers: z.array(descriptorSchema).max(maxBlobs, `want at most ${maxBlobs} layers`),
  subject: optionalDescriptorSchema,
  artifactType: optionalMediaTypeSchema,
  annotations: annotationsSchema,
});

/**
 * Parse the manifest of an artifact. `parseManifest` demands layers that can be unpacked; this one takes any.
 * @param mediaType Content-Type or descriptor's media type, without parameters
 * @throws {OutboardError} invalid
 */
export function parseArtifact(bytes: Uint8Array, mediaType: string): ArtifactManifest {
  if (!isManifestMediaType(mediaType)) {
    throw new OutboardError(
      'invalid',
      `invalid manifest: ${JSON.stringify(mediaType.slice(0, 300))} is not the media type of a manifest`,
    );
  }
  const document = readDocument(bytes, { subject: 'manifest', mediaType, foreignFields: ['manifests'] });
  const { artifactType, subject, annotations, ...rest } = parseWith(artifactSchema, document, 'manifest');
  return {
    ...rest,
    artifactType: artifactType ?? rest.config.mediaType,
    ...(subject !== undefined && { subject }),
    ...(annotations !== undefined && { annotations }),
  };
}
