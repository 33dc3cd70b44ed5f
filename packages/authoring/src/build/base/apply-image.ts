/**
 * Applies the layers of an image to a tree, from whatever has the image: a registry, a layout directory, an archive.
 */
import type { Cancellable } from '@outboard/async';
import {
  choosePlatform,
  isIndexMediaType,
  isJsonObject,
  OutboardError,
  type Platform,
  parseIndex,
  parseManifest,
  parseStrictJson,
  platformText,
  type RepositoryReader,
  type ResolvedManifest,
  shortDigest,
} from '@outboard/oci';
import type { RootTree } from '../tree/root-tree.ts';
import { applyLayer } from './apply-layer.ts';
import type { Spool } from './spool.ts';

/** Choices for an image. */
export interface ImageOptions extends Cancellable {
  readonly platform: Platform;
  /** Holds the content of the files. */
  readonly spool: Spool;
  /** Receives one line for each step. */
  readonly onProgress: (line: string) => void;
}

const maxConfigBytes = 4 * 1024 * 1024;
/** Indexes within indexes that are followed, as some builders write them. */
const maxIndexes = 3;

/**
 * Apply an image. Blobs are verified while they stream.
 * @param wanted tag or digest
 * @returns the manifest of the platform
 * @throws {OutboardError} the reader's errors; not-found when it has no image for the platform; invalid
 */
export async function applyImage(
  tree: RootTree,
  reader: RepositoryReader,
  wanted: string,
  options: ImageOptions,
): Promise<ResolvedManifest> {
  const { platform, spool, signal, onProgress } = options;
  const resolved = await resolveImage(reader, wanted, options);
  const manifest = parseManifest(resolved.bytes, resolved.descriptor.mediaType);
  const config = await reader.readBlob(manifest.config, { maxBytes: maxConfigBytes, signal });
  requirePlatform(config, platform);
  for (const layer of manifest.layers) {
    onProgress(`${shortDigest(layer.digest)}: Pulling`);
    const source = await reader.openBlob(layer, { signal });
    try {
      await applyLayer(tree, source, spool, signal);
    } finally {
      source.destroy();
    }
  }
  return resolved;
}

async function resolveImage(
  reader: RepositoryReader,
  wanted: string,
  { platform, signal }: ImageOptions,
): Promise<ResolvedManifest> {
  let resolved = await reader.resolve(wanted, { signal });
  for (let depth = 0; depth < maxIndexes && isIndexMediaType(resolved.descriptor.mediaType); depth++) {
    const { manifests } = parseIndex(resolved.bytes, resolved.descriptor.mediaType);
    const [only] = manifests;
    const isWrapper = manifests.length === 1 && only !== undefined && isIndexMediaType(only.mediaType);
    const { digest } = isWrapper ? only : choosePlatform(manifests, platform);
    resolved = await reader.resolve(digest, { signal });
  }
  return resolved;
}

function requirePlatform(config: Buffer, platform: Platform): void {
  const document = parseStrictJson(config, {
    maxBytes: maxConfigBytes,
    maxDepth: 32,
    subject: 'config of the image',
  });
  if (!isJsonObject(document) || typeof document.architecture !== 'string') return;
  if (document.architecture === platform.architecture) return;
  throw new OutboardError(
    'invalid',
    `the base is for linux/${document.architecture}, want ${platformText(platform)}`,
  );
}
