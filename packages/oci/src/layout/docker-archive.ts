/**
 * The images of an archive that `docker save`, `podman save` or a build tool wrote without an OCI image layout: a list of
 * images, and for each one the file of its config and those of its layers. Each image is described by a manifest that is made here.
 * @see moby image/spec/v1.2.md, "Combined Image JSON + Filesystem Changeset Format"; docker-archive in containers-transports(5)
 */
import { posix } from 'node:path';
import * as z from 'zod';
import type { ExpectedContent } from '../content/content-store.ts';
import { digestHex } from '../digests/digest.ts';
import { isJsonObject } from '../documents/json-document.ts';
import { parseStrictJson } from '../documents/strict-json.ts';
import { OutboardError } from '../errors/outboard-error.ts';
import { maxManifestBytes, parseWith } from '../manifests/document-schema.ts';
import { encodeManifest } from '../manifests/image-manifest.ts';
import { mediaTypes } from '../manifests/media-types.ts';

/** The list of images, and its bound in bytes. */
export const dockerManifestFile = { name: 'manifest.json', maxBytes: maxManifestBytes } as const;

/** Upper bound of a config in bytes. */
export const maxDockerConfigBytes = 4 * 1024 * 1024;

const maxImages = 256;
const maxLayers = 4096;
const maxNames = 256;
const maxLinks = 8;

/** A file of the archive, in the store. */
export interface ArchiveMember extends ExpectedContent {
  /** True for a layer that is compressed with gzip; layers are plain otherwise. */
  readonly isGzip: boolean;
}

/** One image. */
export interface DockerImage {
  readonly config: ArchiveMember;
  /** Lowest first. */
  readonly layers: readonly ArchiveMember[];
  /** References, such as `docker.io/library/alpine:3.20`. */
  readonly names: readonly string[];
}

const listSchema = z
  .array(
    z.object({
      Config: z.string(),
      RepoTags: z.array(z.string()).max(maxNames).nullish(),
      Layers: z.array(z.string()).max(maxLayers).nullish(),
    }),
  )
  .min(1, 'want at least one image')
  .max(maxImages, `want at most ${maxImages} images`);

/** True for a name that a config or a layer may have; others are not kept. @param name cleaned */
export function isMemberName(name: string): boolean {
  return /\.(?:json|tar|tar\.gz|tgz)$/.test(name) || /^sha256:[0-9a-f]{64}$/.test(name);
}

/** The files and links of an archive by their names. Links are followed inside the archive only. */
export class ArchiveMembers {
  readonly #files = new Map<string, ArchiveMember>();
  readonly #links = new Map<string, string>();

  /** @throws {OutboardError} invalid when there is one of this name */
  addFile(name: string, member: ArchiveMember): void {
    this.#requireNew(name);
    this.#files.set(name, member);
  }

  /** @param target as written: relative to the directory of the link. @throws {OutboardError} as `addFile` */
  addLink(name: string, target: string): void {
    this.#requireNew(name);
    this.#links.set(name, posix.join(posix.dirname(name), target));
  }

  /** @throws {OutboardError} invalid when there is no such file */
  find(name: string): ArchiveMember {
    let at = posix.normalize(name);
    for (let links = 0; links <= maxLinks; links++) {
      const file = this.#files.get(at);
      if (file !== undefined) return file;
      const target = this.#links.get(at);
      if (target === undefined) break;
      at = target;
    }
    throw new OutboardError(
      'invalid',
      `manifest.json names ${JSON.stringify(name.slice(0, 300))}, which is not there`,
    );
  }

  #requireNew(name: string): void {
    if (!this.#files.has(name) && !this.#links.has(name)) return;
    throw new OutboardError('invalid', `${JSON.stringify(name.slice(0, 300))} is in the archive twice`);
  }
}

/**
 * Read `manifest.json`.
 * @throws {OutboardError} invalid: malformed, or it names what is not there
 */
export function parseDockerManifest(bytes: Uint8Array, members: ArchiveMembers): readonly DockerImage[] {
  const { name, maxBytes } = dockerManifestFile;
  const document = parseStrictJson(bytes, { maxBytes, subject: name });
  return parseWith(listSchema, document, name).map(({ Config, RepoTags, Layers }) => {
    const config = members.find(Config);
    requireNamedContent(Config, config);
    return { config, layers: (Layers ?? []).map((layer) => members.find(layer)), names: RepoTags ?? [] };
  });
}

/**
 * Describe an image by a manifest. Layers without compression are compared with the diff IDs of its config, since their names
 * say nothing about their content.
 * @throws {OutboardError} invalid when the archive is damaged
 */
export function encodeDockerImage({ config, layers }: DockerImage, configBytes: Uint8Array): Buffer {
  compareDiffIds(layers, configBytes);
  return encodeManifest({
    config: { mediaType: mediaTypes.dockerImageConfig, digest: config.digest, size: config.size },
    layers: layers.map(({ digest, size, isGzip }) => ({
      mediaType: isGzip ? mediaTypes.dockerLayerGzip : mediaTypes.dockerLayer,
      digest,
      size,
    })),
  });
}

/** A config is named by its digest, in one of two forms. */
function requireNamedContent(name: string, { digest }: ArchiveMember): void {
  const hex = /^(?:sha256:)?([0-9a-f]{64})(?:\.json)?$/.exec(posix.basename(name))?.[1];
  if (hex === undefined || hex === digestHex(digest)) return;
  throw new OutboardError('invalid', `${JSON.stringify(name)} is damaged: it has the content of ${digest}`);
}

function compareDiffIds(layers: readonly ArchiveMember[], configBytes: Uint8Array): void {
  const config = parseStrictJson(configBytes, {
    maxBytes: maxDockerConfigBytes,
    maxDepth: 32,
    subject: 'config of the image',
  });
  const rootfs = isJsonObject(config) ? config.rootfs : undefined;
  const diffIds = isJsonObject(rootfs) ? rootfs.diff_ids : undefined;
  if (!Array.isArray(diffIds)) return;
  for (const [index, { digest, isGzip }] of layers.entries()) {
    if (isGzip || diffIds[index] === digest) continue;
    throw new OutboardError(
      'invalid',
      `layer ${index + 1} of the image is damaged: it has the content of ${digest}, and its config names ${JSON.stringify(diffIds[index])}`,
    );
  }
}
