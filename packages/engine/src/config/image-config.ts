/**
 * Reads the config of an OCI or Docker image: hostile bytes in, the fields that a plugin takes from an image out.
 * @see OCI image-spec v1.1.1, config.md
 */
import {
  canonicalizeFields,
  codec,
  type Digest,
  decodeDocument,
  isJsonObject,
  mediaTypes,
  OutboardError,
  type Platform,
  parseStrictJson,
  showValue,
} from '@outboard/oci';

/** Label of an image that makes it a plugin: the JSON of a plugin config. */
export const pluginConfigLabel = 'io.outboard.plugin.config';

/** Upper bound of the size of an image config, in bytes. */
export const maxImageConfigBytes = 4 * 1024 * 1024;

const maxDepth = 32;
const subject = 'config of the image';

const { field, listOrEmpty, object, text } = codec;

const imageConfigCodec = object({
  architecture: field('architecture', text),
  os: field('os', text),
  variant: field('variant', text),
  config: field(
    'config',
    object({
      user: field('User', text),
      env: field('Env', listOrEmpty(text)),
      entrypoint: field('Entrypoint', listOrEmpty(text)),
      command: field('Cmd', listOrEmpty(text)),
      workDir: field('WorkingDir', text),
      labels: field('Labels', codec.textMap),
    }),
  ),
  rootfs: field('rootfs', object({ diffIds: field('diff_ids', listOrEmpty(codec.digest)) })),
});

/** The part of an image config that a plugin takes. */
export interface ImageConfig {
  /** Absent when the config names no operating system or no architecture. */
  readonly platform?: Platform;
  readonly entrypoint: readonly string[];
  /** `Cmd`: the arguments of the entrypoint, or the program when there is none. */
  readonly command: readonly string[];
  /** `NAME=VALUE`. */
  readonly env: readonly string[];
  /** Empty for the root. */
  readonly workDir: string;
  /** User, and group after a colon: names or numbers. Empty for root. */
  readonly user: string;
  /** The text of the label `io.outboard.plugin.config`. */
  readonly label?: string;
  /** Digests of the uncompressed layers, lowest first. */
  readonly diffIds: readonly Digest[];
}

/** True for the media type of an image's config. */
export function isImageConfigMediaType(mediaType: string): boolean {
  return mediaType === mediaTypes.ociImageConfig || mediaType === mediaTypes.dockerImageConfig;
}

/**
 * Read the config of an image.
 * @throws {OutboardError} invalid: not JSON, ambiguous, too large, or a value of the wrong type
 */
export function parseImageConfig(bytes: Uint8Array): ImageConfig {
  const document = parseStrictJson(bytes, { maxBytes: maxImageConfigBytes, maxDepth, subject });
  if (!isJsonObject(document)) {
    throw new OutboardError('invalid', `invalid ${subject}: expected an object, got ${showValue(document)}`);
  }
  const canonical = canonicalizeFields(document, imageConfigCodec, subject);
  const { architecture, os, variant, config, rootfs } = decodeDocument(imageConfigCodec, canonical, subject);
  const { labels, ...process } = config;
  const label = labels.get(pluginConfigLabel);
  return {
    ...process,
    ...(os !== '' &&
      architecture !== '' && { platform: { os, architecture, ...(variant !== '' && { variant }) } }),
    ...(label !== undefined && { label }),
    diffIds: rootfs.diffIds,
  };
}
