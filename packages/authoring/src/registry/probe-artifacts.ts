/**
 * Tiny artifacts of every form in which plugins are kept in registries.
 */
import { gzipSync } from 'node:zlib';
import { createTarWriter, type Descriptor, digestOf, mediaTypes, type Platform } from '@outboard/oci';

/** Bytes with the descriptor that names them. */
export interface ProbeContent {
  readonly descriptor: Descriptor;
  readonly bytes: Buffer;
}

/** A manifest, and the blobs that have to be there before it. */
export interface ProbeArtifact {
  readonly blobs: readonly ProbeContent[];
  readonly manifest: ProbeContent;
}

/** The artifacts of one examination. Its layer is unlike that of any other, so that the registry cannot have it already. */
export interface ProbeArtifacts {
  readonly layer: ProbeContent;
  /** As `docker plugin push` writes it. */
  readonly dockerPlugin: ProbeArtifact;
  readonly ociPlugin: ProbeArtifact;
  /** An image that carries the plugin's config as a label. */
  readonly image: ProbeArtifact;
  /** Refers to `ociPlugin`, as a signature does. */
  readonly referrer: ProbeArtifact;
}

const amd64: Platform = { os: 'linux', architecture: 'amd64' };
const arm64: Platform = { os: 'linux', architecture: 'arm64' };

/** Make them. @param unique text that no other examination uses */
export function makeProbeArtifacts(unique: string): ProbeArtifacts {
  const layer = content(mediaTypes.dockerLayerGzip, gzipSync(layerTar(unique)));
  const ociLayer = { ...layer, descriptor: { ...layer.descriptor, mediaType: mediaTypes.ociLayerGzip } };
  const rootfs = { type: 'layers', diff_ids: [digestOf(layerTar(unique))] };
  const plugin = {
    description: 'A plugin that examines a registry',
    documentation: '',
    entrypoint: ['/examine'],
    interface: { types: ['docker.volumedriver/1.0'], socket: 'examine.sock' },
    network: { type: 'none' },
  };
  const config = json(mediaTypes.dockerPluginConfig, { ...plugin, rootfs });
  const labels = { 'io.outboard.plugin.config': JSON.stringify(plugin) };
  const imageConfig = json(mediaTypes.ociImageConfig, { ...amd64, config: { Labels: labels }, rootfs });
  const ociPlugin = artifact(mediaTypes.ociManifest, config, ociLayer);
  return {
    layer,
    dockerPlugin: artifact(mediaTypes.dockerManifest, config, layer),
    ociPlugin,
    image: artifact(mediaTypes.ociManifest, imageConfig, ociLayer),
    referrer: artifact(mediaTypes.ociManifest, json('application/vnd.oci.empty.v1+json', {}), ociLayer, {
      artifactType: 'application/vnd.outboard.examination',
      subject: ociPlugin.manifest.descriptor,
    }),
  };
}

/** An index over one manifest for two platforms. */
export function makeProbeIndex(mediaType: string, { descriptor }: ProbeContent): ProbeContent {
  const manifests = [amd64, arm64].map((platform) => ({ ...descriptor, platform }));
  return json(mediaType, { schemaVersion: 2, mediaType, manifests });
}

function artifact(
  mediaType: string,
  config: ProbeContent,
  layer: ProbeContent,
  more: object = {},
): ProbeArtifact {
  const document = {
    schemaVersion: 2,
    mediaType,
    config: config.descriptor,
    layers: [layer.descriptor],
    ...more,
  };
  return { blobs: [config, layer], manifest: json(mediaType, document) };
}

function json(mediaType: string, document: object): ProbeContent {
  return content(mediaType, Buffer.from(JSON.stringify(document)));
}

function content(mediaType: string, bytes: Buffer): ProbeContent {
  return { descriptor: { mediaType, digest: digestOf(bytes), size: bytes.length }, bytes };
}

/** A root filesystem of one file. */
function layerTar(text: string): Buffer {
  const chunks: Buffer[] = [];
  const writer = createTarWriter((chunk) => void chunks.push(Buffer.from(chunk)));
  writer.onEntry({
    type: 'file',
    name: Buffer.from('examine'),
    linkName: Buffer.alloc(0),
    mode: 0o755,
    uid: 0,
    gid: 0,
    size: text.length,
    modifiedAt: 0,
    deviceMajor: 0,
    deviceMinor: 0,
    xattrs: new Map(),
  });
  writer.onContent(Buffer.from(text));
  writer.onEntryEnd();
  writer.end();
  return Buffer.concat(chunks);
}
