/**
 * An ordinary image that a plugin is made of: its config with what the plugin's author wrote about it.
 */
import { familiarString, type JsonObject, OutboardError, parseManifest } from '@outboard/oci';
import { type ConfigFinding, refuseFindings } from '../config/config-finding.ts';
import {
  isImageConfigMediaType,
  maxImageConfigBytes,
  parseImageConfig,
  pluginConfigLabel,
} from '../config/image-config.ts';
import { inWordsOf, layConfigOver, mergeImageConfig, parseLabel } from '../config/image-plugin.ts';
import { parsePluginConfig } from '../config/parse-plugin-config.ts';
import { judgePluginConfig } from '../config/validate-plugin-config.ts';
import { requirePlatform } from './labelled-image.ts';
import type { PluginImage } from './plugin-image.ts';
import type { FoundPlugin } from './resolve-plugin.ts';

/** An image with the config of the plugin that is made of it. */
export interface SourceImage extends PluginImage {
  /** The config with the author's spelling and every unknown key. */
  readonly document: JsonObject;
  readonly findings: readonly ConfigFinding[];
}

/** Options of `fetchSourceImage`. */
export interface SourceOptions {
  /** `config.json` of the author; it wins over the label of the image. */
  readonly config?: Uint8Array | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Fetch the config of an image and complete the author's by it.
 * @throws {OutboardError} invalid when it is no image, is for another platform, or nobody wrote a config; the registry's errors
 */
export async function fetchSourceImage(
  found: FoundPlugin & Pick<PluginImage, 'reference'>,
  { config: authored, signal }: SourceOptions,
): Promise<SourceImage> {
  const { repository, resolved, reference } = found;
  const name = familiarString(reference);
  const manifest = parseManifest(resolved.bytes, resolved.descriptor.mediaType);
  if (!isImageConfigMediaType(manifest.config.mediaType)) {
    const type = JSON.stringify(manifest.config.mediaType);
    throw new OutboardError(
      'invalid',
      `${name} is no image: its config is ${type}; plugins are installed: outboard install ${name}`,
    );
  }
  const configBytes = await repository.readBlob(manifest.config, { maxBytes: maxImageConfigBytes, signal });
  const image = parseImageConfig(configBytes);
  requirePlatform(image.platform, found.platform, name);
  const label = parseLabel(image);
  const file = authored === undefined ? undefined : inWordsOf('--config', () => parsePluginConfig(authored));
  if (file === undefined && label === undefined) {
    throw new OutboardError(
      'invalid',
      `image ${name} has no label ${JSON.stringify(pluginConfigLabel)}, and no config was given: a plugin needs at least its "interface"; outboard create --from-image ${name} --config config.json PLUGIN`,
    );
  }
  const document = layConfigOver(label?.document ?? {}, file?.document ?? {});
  const merged = mergeImageConfig(image, document, `config of the plugin of image ${name}`);
  const findings = [...merged.findings, ...judgePluginConfig(merged.config)];
  refuseFindings(findings, ['refused', 'mistake']);
  return { ...found, manifest, configBytes, ...merged, findings, warnings: [] };
}
