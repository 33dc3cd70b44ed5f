/**
 * Images on disk: an OCI layout, or what `docker save` writes. Both are read from a tree, which an archive or a directory gave.
 * @see OCI image-spec v1.1.1, image-layout.md; Docker Image Specification v1.2.0, "Combined Image JSON + Filesystem Changeset Format"
 */
import {
  choosePlatform,
  createDigester,
  type Descriptor,
  type Digest,
  digestHex,
  isIndexMediaType,
  isJsonObject,
  mediaTypes,
  OutboardError,
  type Platform,
  parseIndex,
  parseManifest,
  parseStrictJson,
  platformText,
} from '@outboard/oci';
import { readContent } from '../tree/read-content.ts';
import type { RootTree } from '../tree/root-tree.ts';
import type { FileNode } from '../tree/tree-node.ts';

/** The layers of one image, lowest first. */
export type ImageLayers = readonly (() => AsyncIterable<Buffer>)[];

const maxDocumentBytes = 4 * 1024 * 1024;

/** @returns the layers of the image for a platform; undefined when the tree is no image but a root filesystem */
export async function findImageLayers(files: RootTree, platform: Platform): Promise<ImageLayers | undefined> {
  if (files.find('oci-layout')?.type === 'file') return await ociLayers(files, platform);
  const list = files.find('manifest.json');
  if (list?.type === 'file' && files.find('etc') === undefined)
    return await dockerLayers(files, list, platform);
  return undefined;
}

async function ociLayers(files: RootTree, platform: Platform): Promise<ImageLayers> {
  let index = parseIndex(await readDocument(files, 'index.json'), mediaTypes.ociIndex);
  for (let depth = 0; depth < 2; depth++) {
    const only = index.manifests.length === 1 ? index.manifests[0] : undefined;
    if (only === undefined || !isIndexMediaType(only.mediaType)) break;
    index = parseIndex(await readBlob(files, only), only.mediaType);
  }
  const [only] = index.manifests;
  const isPlain = index.manifests.length === 1 && only !== undefined && only.platform === undefined;
  const chosen = isPlain ? only : choosePlatform(index.manifests, platform);
  const manifest = parseManifest(await readBlob(files, chosen), chosen.mediaType);
  if (isPlain) requirePlatform(await readBlob(files, manifest.config), platform);
  return manifest.layers.map((layer) => () => openBlob(files, layer));
}

async function dockerLayers(files: RootTree, list: FileNode, platform: Platform): Promise<ImageLayers> {
  const document = parse(await readAll(list), 'manifest.json');
  const images = Array.isArray(document) ? document : [];
  if (images.length !== 1) {
    throw new OutboardError(
      'invalid',
      `the archive holds ${images.length} images, want one: docker save IMAGE`,
    );
  }
  const [image] = images;
  const layers = isJsonObject(image) && Array.isArray(image.Layers) ? image.Layers.map(String) : [];
  const config = isJsonObject(image) ? String(image.Config) : '';
  requirePlatform(await readAll(fileIn(files, config)), platform);
  return layers.map((path) => () => readContent(fileIn(files, path).content));
}

/** @throws {OutboardError} invalid when the image is for another platform */
export function requirePlatform(config: Buffer, platform: Platform): void {
  const document = parse(config, 'config of the image');
  if (!isJsonObject(document) || typeof document.architecture !== 'string') return;
  if (document.architecture === platform.architecture) return;
  throw new OutboardError(
    'invalid',
    `the base is for linux/${document.architecture}, want ${platformText(platform)}`,
  );
}

function parse(bytes: Buffer, subject: string): unknown {
  try {
    return parseStrictJson(bytes, { maxBytes: maxDocumentBytes, maxDepth: 32 });
  } catch (cause) {
    throw new OutboardError('invalid', `${subject}: ${cause instanceof Error ? cause.message : cause}`, {
      cause,
    });
  }
}

function fileIn(files: RootTree, path: string): FileNode {
  const node = files.find(path);
  if (node?.type === 'file') return node;
  throw new OutboardError('invalid', `the image lacks its file "${path}"`);
}

function blobPath({ digest }: Descriptor): string {
  return `blobs/${digest.slice(0, digest.indexOf(':'))}/${digestHex(digest)}`;
}

async function readDocument(files: RootTree, path: string): Promise<Buffer> {
  return await readAll(fileIn(files, path));
}

async function readBlob(files: RootTree, descriptor: Descriptor): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of openBlob(files, descriptor)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

async function readAll({ content }: FileNode): Promise<Buffer> {
  const size = 'bytes' in content ? content.bytes.length : content.size;
  if (size > maxDocumentBytes) {
    throw new OutboardError('invalid', `a document of the image has ${size} bytes: want at most 4 MiB`);
  }
  const chunks: Buffer[] = [];
  for await (const chunk of readContent(content)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** The bytes of a blob; fails at its end when they are not those of its digest. */
async function* openBlob(files: RootTree, descriptor: Descriptor): AsyncGenerator<Buffer> {
  const algorithm = descriptor.digest.startsWith('sha512:') ? 'sha512' : 'sha256';
  const digester = createDigester(algorithm);
  for await (const chunk of readContent(fileIn(files, blobPath(descriptor)).content)) {
    digester.update(chunk);
    yield chunk;
  }
  const found: Digest = digester.digest();
  if (found !== descriptor.digest)
    throw new OutboardError(
      'invalid',
      `the image is damaged: ${descriptor.digest} has the content of ${found}`,
    );
}
