/**
 * Copies an artifact from one registry or layout directory to another, byte for byte: an image, a plugin, a Helm chart, with every platform,
 * and on demand with its signatures and attestations.
 */
import { type Cancellable, mapBounded } from '@outboard/async';
import type { Digest } from '../digests/digest.ts';
import { isOutboardError, OutboardError } from '../errors/outboard-error.ts';
import { parseArtifact } from '../manifests/artifact-manifest.ts';
import type { Descriptor } from '../manifests/descriptor.ts';
import { parseIndex } from '../manifests/image-index.ts';
import { isForeignLayerMediaType, isIndexMediaType } from '../manifests/media-types.ts';
import { findAttached } from '../registry/attached-tags.ts';
import type {
  PushedBlob,
  RepositoryReader,
  RepositoryWriter,
  ResolvedManifest,
} from '../registry/registry-client.ts';

/** Upper bound of manifests in one copy, and of indexes within indexes: a hostile registry could name ever more. */
const maxManifests = 2048;
const maxDepth = 8;
/** Blobs of one manifest under way at once: each holds two connections. */
const blobsAtOnce = 4;

/** Choices of a copy, and its listener. */
export interface CopyOptions extends Cancellable {
  /** Tag in the target; default: the one that was asked for. By digest only, if that is a digest. */
  readonly tag?: string | undefined;
  /**
   * Copy what refers to the copied manifests as well, such as signatures and attestations: by its subject, or by a tag that
   * cosign derives from the digest (`sha256-….sig`, `.att`, `.sbom`), which replaces such a tag in the target. Default false.
   */
  readonly referrers?: boolean | undefined;
  /** Called for each blob that the target has now. */
  readonly onBlob?: ((descriptor: Descriptor, how: PushedBlob) => void) | undefined;
}

/** Result of a copy. */
export interface CopiedArtifact {
  /** The manifest or index that was asked for. */
  readonly descriptor: Descriptor;
  /** Every manifest and index that was copied, in the order in which they were pushed. */
  readonly manifests: readonly Descriptor[];
}

/**
 * Copy an artifact. Nothing is stored on the way: blobs stream, verified, from registry to registry, and only those that
 * the target lacks. Manifests follow their blobs, an index follows its manifests, and the tag comes last, so that nothing
 * unfinished can be pulled. Foreign layers stay where they are.
 * @param tagOrDigest of the source
 * @throws {OutboardError} as the repositories; invalid for more than 2,048 manifests
 */
export async function copyArtifact(
  from: RepositoryReader,
  to: RepositoryWriter,
  tagOrDigest: string,
  options: CopyOptions = {},
): Promise<CopiedArtifact> {
  const root = await from.resolve(tagOrDigest, options);
  const copy = new Copy(from, to, options);
  await copy.manifest(root, 0, options.tag ?? tagOrDigest);
  return { descriptor: root.descriptor, manifests: copy.copied };
}

class Copy {
  readonly copied: Descriptor[] = [];
  readonly #from: RepositoryReader;
  readonly #to: RepositoryWriter;
  readonly #options: CopyOptions;
  readonly #seen = new Set<Digest>();

  constructor(from: RepositoryReader, to: RepositoryWriter, options: CopyOptions) {
    this.#from = from;
    this.#to = to;
    this.#options = options;
  }

  /** Copy a manifest or index with all it names. @param name tag or digest in the target */
  async manifest({ descriptor, bytes }: ResolvedManifest, depth: number, name: string): Promise<void> {
    this.#admit(descriptor.digest, depth);
    const { mediaType, digest } = descriptor;
    const { signal } = this.#options;
    if (isIndexMediaType(mediaType)) {
      for (const entry of parseIndex(bytes, mediaType).manifests) await this.#named(entry.digest, depth + 1);
    } else {
      await this.#blobsOf(bytes, mediaType);
    }
    await this.#to.pushManifest(name, { mediaType, bytes }, { signal });
    this.copied.push(descriptor);
    if (this.#options.referrers !== true) return;
    for (const referrer of await this.#from.referrers(digest, { signal })) {
      await this.#named(referrer.digest, depth + 1);
    }
    for (const { tag, resolved } of await findAttached(this.#from, digest, { signal })) {
      await this.#tagged(tag, resolved, depth + 1);
    }
  }

  async #tagged(tag: string, resolved: ResolvedManifest, depth: number): Promise<void> {
    if (!this.#seen.has(resolved.descriptor.digest)) return await this.manifest(resolved, depth, tag);
    const { mediaType } = resolved.descriptor;
    await this.#to.pushManifest(tag, { mediaType, bytes: resolved.bytes }, { signal: this.#options.signal });
  }

  async #named(digest: Digest, depth: number): Promise<void> {
    if (this.#seen.has(digest)) return;
    await this.manifest(await this.#from.resolve(digest, this.#options), depth, digest);
  }

  async #blobsOf(bytes: Buffer, mediaType: string): Promise<void> {
    const { config, layers } = parseArtifact(bytes, mediaType);
    const blobs = new Map([config, ...layers].map((blob) => [blob.digest, blob]));
    const kept = [...blobs.values()].filter((blob) => !isForeignLayerMediaType(blob.mediaType));
    const { signal, onBlob } = this.#options;
    const push = async (blob: Descriptor) => {
      const open = () => this.#from.openBlob(blob, { signal });
      const send = () => this.#to.pushBlob(blob, open, { signal });
      const how = await send().catch((error: unknown) => {
        // Another host may have the right content.
        if (isOutboardError(error) && error.code === 'content-changed') return send();
        throw error;
      });
      onBlob?.(blob, how);
    };
    await mapBounded(kept, push, blobsAtOnce);
  }

  #admit(digest: Digest, depth: number): void {
    this.#seen.add(digest);
    if (this.#seen.size > maxManifests || depth > maxDepth) {
      throw new OutboardError(
        'invalid',
        `the artifact has more than ${maxManifests} manifests, or indexes more than ${maxDepth} deep`,
      );
    }
  }
}
