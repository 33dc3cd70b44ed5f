/**
 * An image of a registry as the base of a plugin.
 */
import type { Cancellable } from '@outboard/async';
import {
  choosePlatform,
  familiarString,
  isIndexMediaType,
  type Platform,
  parseIndex,
  parseManifest,
  type Reference,
  type RegistryAccess,
  type RegistryClient,
  shortDigest,
  withDefaultTag,
} from '@outboard/oci';
import type { RootTree } from '../tree/root-tree.ts';
import { applyLayer } from './apply-layer.ts';
import { requirePlatform } from './image-files.ts';
import type { Spool } from './spool.ts';

/** The way to registries. */
export interface RegistryOptions {
  /** Opened when it is first needed. */
  readonly client: () => Promise<RegistryClient>;
  /** Credentials for a repository. */
  readonly accessTo: (reference: Reference) => Promise<RegistryAccess>;
  /** Receives one line for each step. */
  readonly onProgress: (line: string) => void;
}

const maxConfigBytes = 4 * 1024 * 1024;

/**
 * Pull an image and apply its layers. Blobs are verified while they stream.
 * @throws {OutboardError} the registry's errors; not-found when it has no image for the platform; invalid
 */
export async function applyRegistryImage(
  tree: RootTree,
  given: Reference,
  options: RegistryOptions & Cancellable & { readonly spool: Spool; readonly platform: Platform },
): Promise<void> {
  const { platform, signal, onProgress, spool } = options;
  const reference = withDefaultTag(given);
  const access = await options.accessTo(reference);
  const client = await options.client();
  const repository = client.repository(reference, 'pull', access);
  onProgress(`Pulling base ${familiarString(reference)}`);
  let resolved = await repository.resolve(reference.digest ?? reference.tag ?? 'latest', { signal });
  const isIndex = isIndexMediaType(resolved.descriptor.mediaType);
  if (isIndex) {
    const index = parseIndex(resolved.bytes, resolved.descriptor.mediaType);
    resolved = await repository.resolve(choosePlatform(index.manifests, platform).digest, { signal });
  }
  const manifest = parseManifest(resolved.bytes, resolved.descriptor.mediaType);
  const config = await repository.readBlob(manifest.config, { maxBytes: maxConfigBytes, signal });
  requirePlatform(config, platform);
  for (const layer of manifest.layers) {
    onProgress(`${shortDigest(layer.digest)}: Pulling`);
    const source = await repository.openBlob(layer, { signal });
    try {
      await applyLayer(tree, source, spool, signal);
    } finally {
      source.destroy();
    }
  }
  onProgress(`Digest: ${resolved.descriptor.digest}`);
}
