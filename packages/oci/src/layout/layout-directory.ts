/**
 * An OCI image layout in a directory, such as `skopeo copy … oci:DIR` makes: read, and written durably. `index.json` is
 * replaced last, so that it never names what is not there.
 * @see OCI image-spec v1.1.1, image-layout.md
 */
import { join } from 'node:path';
import type { Cancellable } from '@outboard/async';
import { digestOf } from '../digests/digest.ts';
import { OutboardError } from '../errors/outboard-error.ts';
import { makeDirectoryDurably, writeFileDurably } from '../files/durable-file.ts';
import { parseArtifact } from '../manifests/artifact-manifest.ts';
import type { Descriptor } from '../manifests/descriptor.ts';
import { isManifestMediaType } from '../manifests/media-types.ts';
import { canonicalName } from '../references/format-reference.ts';
import type { Reference } from '../references/reference.ts';
import { parseManifestName } from '../registry/object-name.ts';
import type { RepositoryReader, RepositoryWriter } from '../registry/registry-client.ts';
import { DirectoryBlobs, readSmallFile } from './directory-blobs.ts';
import {
  encodeLayoutIndex,
  layoutFiles,
  layoutVersionBytes,
  parseLayoutIndex,
  requireLayoutVersion,
} from './layout-documents.ts';
import { type LayoutEntry, layoutAnnotations } from './layout-entry.ts';
import { withLayoutLock } from './layout-lock.ts';
import { createLayoutReader } from './layout-reader.ts';

/** A repository name within a layout. */
export type LayoutRepository = Pick<Reference, 'domain' | 'path'>;

/** One layout directory. */
export interface LayoutDirectory {
  readonly directory: string;
  /** The entries of `index.json` as it is now. @throws {OutboardError} invalid; not-found when it was removed */
  entries(): Promise<readonly LayoutEntry[]>;
  /**
   * Read the artifacts of one repository, as `index.json` lists them now. Tags are looked up as `findEntries` does.
   * @throws {OutboardError} as `entries`
   */
  reader(repository: LayoutRepository): Promise<RepositoryReader>;
  /**
   * Write artifacts. A manifest that is pushed under a tag is named by it, and by the repository if there is one; the entry
   * of that name before is replaced. A manifest that is pushed by its digest is listed if it has a subject.
   */
  writer(repository?: LayoutRepository): RepositoryWriter;
  /** List a manifest that was written, with the annotations that name it. @throws {OutboardError} unavailable; system */
  list(
    descriptor: Descriptor,
    annotations: Readonly<Record<string, string>>,
    options?: Cancellable,
  ): Promise<void>;
}

/**
 * Open a layout.
 * @param options.create make the directory and an empty layout where there is none; default false
 * @throws {OutboardError} not-found when there is none; invalid when the directory is no layout, or holds other files
 */
export async function openLayout(
  directory: string,
  options: { readonly create?: boolean | undefined } = {},
): Promise<LayoutDirectory> {
  const layout = new DirectoryLayout(directory);
  const versionPath = join(directory, layoutFiles.version.name);
  const version = await readSmallFile(versionPath, layoutFiles.version.maxBytes);
  if (version !== undefined) requireLayoutVersion(version);
  else if (options.create === true) await create(directory);
  else {
    throw new OutboardError(
      'not-found',
      `${JSON.stringify(directory)} is not an OCI image layout: it has no ${JSON.stringify(layoutFiles.version.name)}`,
      { code: 'not-a-layout' },
    );
  }
  return layout;
}

async function create(directory: string): Promise<void> {
  await makeDirectoryDurably(join(directory, 'blobs', 'sha256'), { mode: 0o777 });
  await withLayoutLock(directory, async () => {
    const path = join(directory, layoutFiles.index.name);
    const present = await readSmallFile(path, layoutFiles.index.maxBytes);
    if (present === undefined) await writeFileDurably(path, encodeLayoutIndex([]), { mode: fileMode });
    // Last: a directory without it is no layout yet.
    await writeFileDurably(join(directory, layoutFiles.version.name), layoutVersionBytes, { mode: fileMode });
  });
}

/** Of documents, whatever the umask: what they name is not secret. */
const fileMode = 0o644;

class DirectoryLayout implements LayoutDirectory {
  readonly directory: string;
  readonly #blobs: DirectoryBlobs;

  constructor(directory: string) {
    this.directory = directory;
    this.#blobs = new DirectoryBlobs(directory);
  }

  async entries(): Promise<readonly LayoutEntry[]> {
    const bytes = await readSmallFile(this.#indexPath, layoutFiles.index.maxBytes);
    if (bytes !== undefined) return parseLayoutIndex(bytes);
    throw new OutboardError(
      'not-found',
      `${JSON.stringify(this.directory)} is not an OCI image layout: it has no ${JSON.stringify(layoutFiles.index.name)}`,
      { code: 'not-a-layout' },
    );
  }

  async reader(repository: LayoutRepository): Promise<RepositoryReader> {
    return createLayoutReader({ entries: await this.entries(), blobs: this.#blobs }, repository);
  }

  writer(repository?: LayoutRepository): RepositoryWriter {
    const blobs = this.#blobs;
    return {
      hasBlob: async (digest) => (await blobs.stat(digest)).exists,
      async pushBlob(descriptor, openSource, options = {}) {
        const stored = await blobs.stat(descriptor.digest);
        if (stored.exists && stored.size === descriptor.size) return 'exists';
        await blobs.write(descriptor, await openSource(), options);
        return 'uploaded';
      },
      pushManifest: async (tagOrDigest, { mediaType, bytes }, options = {}) => {
        const name = parseManifestName(tagOrDigest);
        const digest = name.digest ?? digestOf(bytes);
        await blobs.write({ digest, size: bytes.length }, oneChunk(bytes), options);
        const descriptor = { mediaType, digest, size: bytes.length };
        if (name.digest === undefined) {
          await this.list(descriptor, nameOf(name.text, repository), options);
        } else {
          const referrer = referrerOf(descriptor, bytes);
          if (referrer !== undefined) await this.#put(referrer, options);
        }
        return digest;
      },
    };
  }

  async list(
    descriptor: Descriptor,
    annotations: Readonly<Record<string, string>>,
    options: Cancellable = {},
  ): Promise<void> {
    const { mediaType, digest, size, platform } = descriptor;
    await this.#put({ mediaType, digest, size, ...(platform && { platform }), annotations }, options);
  }

  get #indexPath(): string {
    return join(this.directory, layoutFiles.index.name);
  }

  /** Add an entry; it replaces those of its name, and those of its digest that have no name. */
  async #put(added: Descriptor, options: Cancellable): Promise<void> {
    const name = added.annotations?.[layoutAnnotations.refName];
    const replace = async () => {
      const kept = (await this.entries())
        .map(({ descriptor }) => descriptor)
        .filter(({ digest, annotations }) => {
          const other = annotations?.[layoutAnnotations.refName];
          if (other === undefined) return digest !== added.digest;
          return other !== name;
        });
      // An entry with a name covers its digest.
      const isCovered = name === undefined && kept.some(({ digest }) => digest === added.digest);
      if (isCovered) return;
      await writeFileDurably(this.#indexPath, encodeLayoutIndex([...kept, added]), { mode: fileMode });
    };
    await withLayoutLock(this.directory, replace, options);
  }
}

/** The annotations of an entry that is named by a tag, in a repository if there is one. */
function nameOf(tag: string, repository: LayoutRepository | undefined): Readonly<Record<string, string>> {
  if (repository === undefined) return { [layoutAnnotations.refName]: tag };
  const name = `${canonicalName(repository)}:${tag}`;
  return { [layoutAnnotations.refName]: name, [layoutAnnotations.imageName]: name };
}

function referrerOf(descriptor: Descriptor, bytes: Uint8Array): Descriptor | undefined {
  if (!isManifestMediaType(descriptor.mediaType)) return undefined;
  const { subject, artifactType } = parseArtifact(bytes, descriptor.mediaType);
  return subject === undefined ? undefined : { ...descriptor, artifactType };
}

async function* oneChunk(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
