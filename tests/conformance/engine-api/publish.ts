/**
 * Puts plugins of any shape into a registry, without the engine under test.
 */
import { putBlob, putManifest, sha256 } from '../../support/raw-registry.ts';
import type { PublishedPlugin } from './conformance-case.ts';
import { publishedBytes } from './plugin-bytes.ts';

const dockerManifest = 'application/vnd.docker.distribution.manifest.v2+json';
const dockerIndex = 'application/vnd.docker.distribution.manifest.list.v2+json';
const pluginConfig = 'application/vnd.docker.plugin.v1+json';
const gzipLayer = 'application/vnd.docker.image.rootfs.diff.tar.gzip';

/** Digests of the published content. */
export interface Published {
  readonly manifest: string;
  /** Bottom first. */
  readonly layers: readonly string[];
}

/** @param where host, repository and tag */
export async function publish(
  plugin: PublishedPlugin,
  where: { readonly host: string; readonly repository: string; readonly tag: string },
): Promise<Published> {
  const { host, repository, tag } = where;
  const bytes = publishedBytes(plugin);
  const config = await putBlob(host, repository, bytes.config);
  const layers = await Promise.all(bytes.layers.map((layer) => putBlob(host, repository, layer)));
  const mediaType = plugin.manifestType ?? dockerManifest;
  const manifest = {
    schemaVersion: 2,
    mediaType,
    config: { mediaType: plugin.configType ?? pluginConfig, size: bytes.config.length, digest: config },
    layers: bytes.layers.map((layer) => ({
      mediaType: plugin.layerType ?? gzipLayer,
      size: layer.length,
      digest: sha256(layer),
    })),
  };
  const manifestBytes = Buffer.from(JSON.stringify(manifest));
  const single = plugin.isIndexed === true ? `${tag}-linux` : tag;
  const digest = await putManifest(host, repository, single, { mediaType, bytes: manifestBytes });
  if (plugin.isIndexed !== true) return { manifest: digest, layers };
  const index = indexOf({ mediaType, digest, size: manifestBytes.length });
  const bytesOfIndex = Buffer.from(JSON.stringify(index));
  await putManifest(host, repository, tag, { mediaType: dockerIndex, bytes: bytesOfIndex });
  return { manifest: digest, layers };
}

function indexOf(manifest: { readonly mediaType: string; readonly digest: string; readonly size: number }) {
  const architecture = process.arch === 'x64' ? 'amd64' : process.arch;
  return {
    schemaVersion: 2,
    mediaType: dockerIndex,
    manifests: [{ ...manifest, platform: { os: 'linux', architecture } }],
  };
}
