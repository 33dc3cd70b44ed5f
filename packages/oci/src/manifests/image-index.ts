/**
 * An index: the manifests of one name for several platforms. Docker calls it a manifest list.
 */
import * as z from 'zod';
import { OutboardError } from '../errors/outboard-error.ts';
import type { Descriptor } from './descriptor.ts';
import { descriptorSchema, documentObject, parseWith, readDocument } from './document-schema.ts';
import { isIndexMediaType, mediaTypes } from './media-types.ts';

/** A checked index. @see OCI image-spec v1.1.1, image-index.md */
export interface ImageIndex {
  readonly manifests: readonly Descriptor[];
}

/** Upper bound of manifests in one index: ten times the largest known one, and searched quickly. */
const maxManifests = 1024;

const indexSchema = documentObject({
  manifests: z.array(descriptorSchema).max(maxManifests, `want at most ${maxManifests} manifests`),
});

/**
 * Parse an index. Select one of its entries with `choosePlatform`.
 * @param text its bytes, or the text that `decodeManifest` made of them
 * @param mediaType Content-Type or descriptor's media type, without parameters
 * @throws {OutboardError} invalid
 */
export function parseIndex(text: Uint8Array | string, mediaType: string): ImageIndex {
  if (!isIndexMediaType(mediaType)) {
    throw new OutboardError(
      'invalid',
      `invalid index: ${JSON.stringify(mediaType.slice(0, 300))} is not the media type of an index`,
    );
  }
  const document = readDocument(text, { subject: 'index', mediaType, foreignFields: ['config', 'layers'] });
  return parseWith(indexSchema, document, 'index');
}

/**
 * Encode an index: compact JSON, its manifests in the given order.
 * @param mediaType of OCI's index, or Docker's manifest list
 * @see OCI image-spec v1.1.1, image-index.md; Docker image manifest v2 schema 2, "Manifest List"
 */
export function encodeIndex(
  manifests: readonly Descriptor[],
  mediaType: string = mediaTypes.ociIndex,
): Buffer {
  const document = {
    schemaVersion: 2,
    mediaType,
    manifests: manifests.map(({ mediaType, digest, size, platform, artifactType, annotations }) => ({
      mediaType,
      digest,
      size,
      platform,
      artifactType,
      annotations,
    })),
  };
  return Buffer.from(JSON.stringify(document));
}
