/**
 * Everything that belongs to an artifact: its manifests, which are read, and the descriptors of its blobs, which are not.
 */
import type { Cancellable } from '@outboard/async';
import type { Digest } from '../digests/digest.ts';
import { isOutboardError, OutboardError } from '../errors/outboard-error.ts';
import { parseArtifact } from '../manifests/artifact-manifest.ts';
import type { Descriptor } from '../manifests/descriptor.ts';
import { parseIndex } from '../manifests/image-index.ts';
import { isForeignLayerMediaType, isIndexMediaType } from '../manifests/media-types.ts';
import { findAttached, type TaggedManifest } from '../registry/attached-tags.ts';
import type { RepositoryReader, ResolvedManifest } from '../registry/registry-client.ts';

/** Bounds of one artifact; its manifests are in memory at once. */
const limits = { manifests: 2048, depth: 8, bytes: 64 * 1024 * 1024 } as const;

/** Options of `readArtifactTree`. */
export interface ArtifactTreeOptions extends Cancellable {
  /** Also signatures and other referrers of each manifest; default false. */
  readonly referrers?: boolean | undefined;
  /** Leave out manifests of an index that the source lacks, as partial copies do; default false. */
  readonly allowsPartial?: boolean | undefined;
  /** Leave out manifests of an index for which this is false; default none. */
  readonly chooses?: ((entry: Descriptor) => boolean) | undefined;
}

/** The content of one or more artifacts. */
export interface ArtifactTree {
  /** Manifests and indexes; each follows what it names. */
  readonly manifests: ReadonlyMap<Digest, ResolvedManifest>;
  /** Manifests that name another one as their subject, beside those that were asked for. */
  readonly referrers: readonly ResolvedManifest[];
  /** Manifests that cosign attached under tags, such as `sha256-….sig`. */
  readonly attached: readonly TaggedManifest[];
  /** Configs and layers, without foreign layers, which are not kept with their artifact. */
  readonly blobs: ReadonlyMap<Digest, Descriptor>;
}

/**
 * Read the manifests of an artifact.
 * @throws {OutboardError} as the reader; invalid for too many manifests, or a blob listed with two sizes
 */
export async function readArtifactTree(
  reader: RepositoryReader,
  root: ResolvedManifest,
  options: ArtifactTreeOptions = {},
): Promise<ArtifactTree> {
  const walk = new Walk(reader, options);
  await walk.manifest(root, 0);
  return walk;
}

class Walk implements ArtifactTree {
  readonly manifests = new Map<Digest, ResolvedManifest>();
  readonly referrers: ResolvedManifest[] = [];
  readonly attached: TaggedManifest[] = [];
  readonly blobs = new Map<Digest, Descriptor>();
  readonly #reader: RepositoryReader;
  readonly #options: ArtifactTreeOptions;
  readonly #seen = new Set<Digest>();
  #bytes = 0;

  constructor(reader: RepositoryReader, options: ArtifactTreeOptions) {
    this.#reader = reader;
    this.#options = options;
  }

  async manifest(resolved: ResolvedManifest, depth: number): Promise<void> {
    const { descriptor, bytes } = resolved;
    this.#admit(resolved, depth);
    if (isIndexMediaType(descriptor.mediaType)) {
      for (const entry of parseIndex(bytes, descriptor.mediaType).manifests) {
        if (this.#options.chooses?.(entry) === false) continue;
        await this.#named(entry.digest, depth + 1, this.#options.allowsPartial === true);
      }
    } else {
      const { config, layers } = parseArtifact(bytes, descriptor.mediaType);
      for (const blob of [config, ...layers]) this.#blob(blob);
    }
    this.manifests.set(descriptor.digest, resolved);
    if (this.#options.referrers !== true) return;
    const { signal } = this.#options;
    for (const { digest, artifactType } of await this.#reader.referrers(descriptor.digest, { signal })) {
      const found = await this.#named(digest, depth + 1, false);
      // Its type tells it from an artifact of its own.
      if (found === undefined) continue;
      const typed = { ...found.descriptor, ...(artifactType !== undefined && { artifactType }) };
      this.referrers.push({ ...found, descriptor: typed });
    }
    for (const tagged of await findAttached(this.#reader, descriptor.digest, { signal })) {
      this.attached.push(tagged);
      if (!this.#seen.has(tagged.resolved.descriptor.digest)) await this.manifest(tagged.resolved, depth + 1);
    }
  }

  async #named(digest: Digest, depth: number, mayLack: boolean): Promise<ResolvedManifest | undefined> {
    if (this.#seen.has(digest)) return undefined;
    const { signal } = this.#options;
    const resolved = await this.#reader.resolve(digest, { signal }).catch((error: unknown) => {
      if (mayLack && isOutboardError(error, 'not-found')) return undefined;
      throw error;
    });
    if (resolved !== undefined) await this.manifest(resolved, depth);
    return resolved;
  }

  #blob(blob: Descriptor): void {
    if (isForeignLayerMediaType(blob.mediaType)) return;
    const known = this.blobs.get(blob.digest) ?? blob;
    if (known.size !== blob.size) {
      throw new OutboardError(
        'invalid',
        `blob ${blob.digest} is listed with two sizes, ${known.size} and ${blob.size}`,
      );
    }
    this.blobs.set(blob.digest, known);
  }

  #admit({ descriptor, bytes }: ResolvedManifest, depth: number): void {
    this.#seen.add(descriptor.digest);
    this.#bytes += bytes.length;
    if (this.#seen.size <= limits.manifests && depth <= limits.depth && this.#bytes <= limits.bytes) return;
    throw new OutboardError(
      'invalid',
      `the artifact has more than ${limits.manifests} manifests, more than ${limits.bytes} bytes of them, or indexes ` +
        `more than ${limits.depth} deep`,
    );
  }
}
