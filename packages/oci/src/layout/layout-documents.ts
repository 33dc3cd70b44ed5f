/**
 * The two documents of an OCI image layout: `oci-layout` and `index.json`.
 * @see OCI image-spec v1.1.1, image-layout.md
 */
import * as z from 'zod';
import { parseStrictJson } from '../documents/strict-json.ts';
import { OutboardError } from '../errors/outboard-error.ts';
import type { Descriptor } from '../manifests/descriptor.ts';
import { maxManifestBytes } from '../manifests/document-schema.ts';
import { encodeIndex, parseIndex } from '../manifests/image-index.ts';
import { mediaTypes } from '../manifests/media-types.ts';
import { type LayoutEntry, toLayoutEntry } from './layout-entry.ts';

/** Names of the files of a layout, and their bounds in bytes. */
export const layoutFiles = {
  version: { name: 'oci-layout', maxBytes: 4096 },
  index: { name: 'index.json', maxBytes: maxManifestBytes },
} as const;

/** The bytes of `oci-layout`. */
export const layoutVersionBytes = Buffer.from('{"imageLayoutVersion":"1.0.0"}');

const versionSchema = z.object({ imageLayoutVersion: z.string() });

/**
 * Check the version of a layout. Version 1.0.0 is the only one so far; later ones that begin with `1.` are compatible.
 * @throws {OutboardError} invalid
 */
export function requireLayoutVersion(bytes: Uint8Array): void {
  const document = parseStrictJson(bytes, { maxBytes: layoutFiles.version.maxBytes, subject: 'oci-layout' });
  const parsed = versionSchema.safeParse(document);
  if (parsed.success && parsed.data.imageLayoutVersion.startsWith('1.')) return;
  const found = parsed.success ? JSON.stringify(parsed.data.imageLayoutVersion.slice(0, 64)) : 'none';
  throw new OutboardError(
    'invalid',
    `unknown version of the OCI image layout in "oci-layout": ${found}, want 1.0.0`,
  );
}

/**
 * Read `index.json`.
 * @throws {OutboardError} invalid
 */
export function parseLayoutIndex(bytes: Uint8Array): readonly LayoutEntry[] {
  return parseIndex(bytes, mediaTypes.ociIndex).manifests.map(toLayoutEntry);
}

/** Write `index.json`. @param descriptors with the annotations that name them */
export function encodeLayoutIndex(descriptors: readonly Descriptor[]): Buffer {
  return encodeIndex(descriptors);
}
