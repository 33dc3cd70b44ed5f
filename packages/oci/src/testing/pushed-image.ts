/**
 * Images and their parts, as the suite of registry clients pushes and reads them.
 */
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import type { Cancellable } from '@outboard/async';
import { type Digest, digestOf } from '../digests/digest.ts';
import type { Descriptor } from '../manifests/descriptor.ts';
import { encodeManifest } from '../manifests/image-manifest.ts';
import { mediaTypes } from '../manifests/media-types.ts';
import type { PushedBlob, Repository } from '../registry/registry-client.ts';

/** Content of a layer. */
export const layer = Buffer.alloc(300_000, 'layer');
/** Content of a config. */
export const config = Buffer.from('{"config":true}');

/** Describe bytes as a layer. */
export function blobOf(bytes: Uint8Array): Descriptor {
  return { mediaType: mediaTypes.dockerLayerGzip, digest: digestOf(bytes), size: bytes.length };
}

/** Describe bytes as the config of a plugin. */
export function configOf(bytes: Uint8Array): Descriptor {
  return { ...blobOf(bytes), mediaType: mediaTypes.dockerPluginConfig };
}

/** Stream bytes in two chunks. */
export function streamOf(bytes: Buffer): Readable {
  const half = Math.ceil(bytes.length / 2);
  return Readable.from([bytes.subarray(0, half), bytes.subarray(half)]);
}

/** Push bytes as a layer. */
export async function push(repository: Repository, bytes: Buffer): Promise<PushedBlob> {
  return await repository.pushBlob(blobOf(bytes), async () => streamOf(bytes));
}

/** All bytes of a blob. */
export async function download(repository: Repository, descriptor: Descriptor): Promise<Buffer> {
  return await buffer(await repository.openBlob(descriptor));
}

/** All tags of a repository. */
export async function listed(repository: Repository, options: Cancellable = {}): Promise<string[]> {
  const tags: string[] = [];
  for await (const tag of repository.listTags(options)) tags.push(tag);
  return tags;
}

/** Push an artifact with a subject. @returns its digest */
export async function pushReferrer(
  repository: Repository,
  subject: Descriptor,
  artifactType: string,
): Promise<Digest> {
  const mediaType = mediaTypes.ociManifest;
  await push(repository, config);
  const descriptor = { ...blobOf(config), mediaType: 'application/vnd.oci.empty.v1+json' };
  const document = {
    schemaVersion: 2,
    mediaType,
    artifactType,
    config: descriptor,
    layers: [descriptor],
    subject,
  };
  const bytes = Buffer.from(JSON.stringify(document));
  return await repository.pushManifest(digestOf(bytes), { mediaType, bytes });
}

/** Push an image of one layer under a tag. */
export async function pushImage(repository: Repository, tag: string, imageConfig: Buffer = config) {
  await push(repository, layer);
  await push(repository, imageConfig);
  const bytes = encodeManifest({ config: configOf(imageConfig), layers: [blobOf(layer)] });
  const digest = await repository.pushManifest(tag, { mediaType: mediaTypes.dockerManifest, bytes });
  return { bytes, digest };
}
