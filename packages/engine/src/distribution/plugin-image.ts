/**
 * A plugin in a registry: its manifest and config are fetched and validated before any layer.
 */
import { nextTurn } from '@outboard/async';
import { decodeManifest, type ImageManifest, parseManifest, type Reference } from '@outboard/oci';
import type { PluginConfig } from '../config/plugin-config.ts';
import { checkConfigBlob, maxConfigBlobBytes } from './labelled-image.ts';
import type { FoundPlugin } from './resolve-plugin.ts';

/** The image of a plugin for one platform. */
export interface PluginImage extends FoundPlugin {
  /** The requested reference, with tag or digest. */
  readonly reference: Reference;
  readonly manifest: ImageManifest;
  /** The config blob: of a plugin, or of an image. */
  readonly configBytes: Buffer;
  /** For an image, what its label and its own config say together. */
  readonly config: PluginConfig;
  /** Warnings about the config. */
  readonly warnings: readonly string[];
}

/**
 * Fetch and validate the config of a resolved plugin, or of an image whose label makes it one.
 * @throws {OutboardError} invalid when it is no plugin or its config is invalid; the registry's errors
 */
export async function fetchPluginImage(
  reference: Reference,
  found: FoundPlugin,
  signal?: AbortSignal | undefined,
): Promise<PluginImage> {
  const { repository, resolved } = found;
  const manifest = parseManifest(await decodeManifest(resolved.bytes), resolved.descriptor.mediaType);
  const configBytes = await repository.readBlob(manifest.config, {
    maxBytes: maxConfigBlobBytes(manifest.config, reference),
    signal,
  });
  await nextTurn();
  const checked = await checkConfigBlob(configBytes, manifest.config, {
    reference,
    platform: found.platform,
  });
  return { ...found, reference, manifest, configBytes, ...checked };
}
