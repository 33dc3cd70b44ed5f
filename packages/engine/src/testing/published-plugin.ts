/**
 * Plugins in a registry in memory, for tests of operations.
 */
import { gzipSync } from 'node:zlib';
import {
  createTarWriter,
  type Descriptor,
  type Digest,
  digestOf,
  encodeManifest,
  mediaTypes,
} from '@outboard/oci';
import type { MemoryRepository } from '@outboard/oci/memory';
import { parsePluginConfig } from '../config/parse-plugin-config.ts';
import type { Privilege } from '../config/plugin-config.ts';
import { computePrivileges } from '../config/privileges.ts';

/** A plugin as it was published. */
export interface PublishedPlugin {
  /** The privileges that its config asks for; empty for an image. */
  readonly privileges: readonly Privilege[];
  readonly manifestDigest: Digest;
  readonly configDigest: Digest;
  /** Lowest layer first. */
  readonly layers: readonly Descriptor[];
  /** Digests of all blobs and of the manifest, sorted. */
  readonly digests: readonly Digest[];
}

/** Content of a plugin to publish. */
export interface PluginContent {
  /** Fields of `config.json` beside the default ones. */
  readonly config?: object | undefined;
  /** Content of regular files by name, one layer for each object. */
  readonly layers?: readonly Readonly<Record<string, string>>[] | undefined;
  /** The config of an image in place of that of a plugin; `config` is not used. */
  readonly image?: object | undefined;
}

const defaultConfig = {
  description: 'a plugin for tests',
  interface: { types: ['docker.volumedriver/1.0'], socket: 'plugin.sock' },
  entrypoint: ['/plugin'],
  env: [{ name: 'DEBUG', value: '0', settable: ['value'] }],
};

/** Put a plugin into a repository under a tag. */
export function publishPlugin(
  repository: MemoryRepository,
  tag: string,
  content: PluginContent = {},
): PublishedPlugin {
  const bytes = Buffer.from(JSON.stringify(content.image ?? { ...defaultConfig, ...content.config }));
  const archives = (content.layers ?? [{ plugin: tag }]).map((files) => gzipSync(createArchive(files)));
  const configType = content.image === undefined ? mediaTypes.dockerPluginConfig : mediaTypes.ociImageConfig;
  const config = describeBlob(configType, bytes);
  const layers = archives.map((archive) => describeBlob(mediaTypes.dockerLayerGzip, archive));
  for (const blob of [bytes, ...archives]) repository.putBlob(digestOf(blob), blob);
  const manifest = encodeManifest({ config, layers });
  const mediaType = mediaTypes.dockerManifest;
  const manifestDigest = repository.putManifest(tag, { mediaType, bytes: manifest });
  return {
    privileges: content.image === undefined ? computePrivileges(parsePluginConfig(bytes).config) : [],
    manifestDigest,
    configDigest: config.digest,
    layers,
    digests: [manifestDigest, config.digest, ...layers.map(({ digest }) => digest)].sort(),
  };
}

function describeBlob(mediaType: string, bytes: Uint8Array): Descriptor {
  return { mediaType, digest: digestOf(bytes), size: bytes.length };
}

/** A layer with regular files. */
export function createArchive(files: Readonly<Record<string, string>>): Buffer {
  const chunks: Buffer[] = [];
  const writer = createTarWriter((chunk) => chunks.push(Buffer.from(chunk)));
  for (const [name, text] of Object.entries(files)) {
    const content = Buffer.from(text);
    writer.onEntry({
      type: 'file',
      name: Buffer.from(name),
      linkName: Buffer.alloc(0),
      mode: 0o755,
      uid: 0,
      gid: 0,
      size: content.length,
      modifiedAt: 0,
      deviceMajor: 0,
      deviceMinor: 0,
      xattrs: new Map(),
    });
    writer.onContent(content);
    writer.onEntryEnd();
  }
  writer.end();
  return Buffer.concat(chunks);
}
