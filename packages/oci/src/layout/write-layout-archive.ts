/**
 * Writes an archive of an OCI image layout as a stream: several artifacts, each blob once. The same artifacts give the same
 * bytes.
 */
import type { Readable } from 'node:stream';
import type { Cancellable } from '@outboard/async';
import { type Digest, digestAlgorithm, digestHex } from '../digests/digest.ts';
import { OutboardError } from '../errors/outboard-error.ts';
import type { TarEntry } from '../layers/tar/tar-entry.ts';
import { createTarWriter, type TarWriter } from '../layers/tar/tar-writer.ts';
import type { Descriptor } from '../manifests/descriptor.ts';
import type { ResolvedManifest } from '../registry/registry-client.ts';
import type { ArtifactTree } from './artifact-tree.ts';
import { encodeLayoutIndex, layoutFiles, layoutVersionBytes } from './layout-documents.ts';
import { layoutAnnotations } from './layout-entry.ts';

/** One artifact of an archive. */
export interface ArchivedArtifact {
  readonly root: ResolvedManifest;
  readonly tree: ArtifactTree;
  /** Annotations of its entry in `index.json`, which name it; more than one for an artifact with several names. */
  readonly names: readonly Readonly<Record<string, string>>[];
  /** Opens one of its blobs; the stream fails when the content differs from the descriptor. */
  readonly openBlob: (blob: Descriptor, options: Cancellable) => Promise<Readable>;
}

/** Options of `writeLayoutArchive`. */
export interface ArchiveOptions extends Cancellable {
  /** Called before each blob is written. */
  readonly onBlob?: ((blob: Descriptor) => void) | undefined;
}

/**
 * Write an archive: `oci-layout` and `index.json`, then blobs in the order of their digests.
 * @throws {OutboardError} the errors of the blobs; invalid when two artifacts list a blob with two sizes
 */
export async function* writeLayoutArchive(
  artifacts: readonly ArchivedArtifact[],
  options: ArchiveOptions = {},
): AsyncGenerator<Buffer, void> {
  const { signal } = options;
  const out: Buffer[] = [];
  const writer = createTarWriter((chunk) => void out.push(chunk));
  const sources = contentOf(artifacts);
  writeDirectories(writer, sources);
  writeFile(writer, layoutFiles.version.name, layoutVersionBytes);
  writeFile(writer, layoutFiles.index.name, encodeLayoutIndex(entriesOf(artifacts)));
  yield* out.splice(0);
  for (const { blob, read } of sources) {
    signal?.throwIfAborted();
    options.onBlob?.(blob);
    writer.onEntry(entryOf(blobPath(blob.digest), blob.size));
    for await (const chunk of await read({ signal })) {
      writer.onContent(chunk);
      yield* out.splice(0);
    }
    writer.onEntryEnd();
    yield* out.splice(0);
  }
  writer.end();
  yield* out.splice(0);
}

/** The path of a blob in a layout. */
export function blobPath(digest: Digest): string {
  return `blobs/${digestAlgorithm(digest)}/${digestHex(digest)}`;
}

/** The descriptors of `index.json`: the artifacts by their names, then what refers to them or is attached. */
function entriesOf(artifacts: readonly ArchivedArtifact[]): readonly Descriptor[] {
  const named = artifacts.flatMap(({ root, names }) =>
    names.map((annotations) => ({ ...root.descriptor, annotations })),
  );
  const referrers = new Map<Digest, Descriptor>();
  for (const { tree } of artifacts)
    for (const { descriptor } of tree.referrers) referrers.set(descriptor.digest, descriptor);
  const attached = new Map<string, Descriptor>();
  for (const { tree } of artifacts) {
    for (const { tag, resolved } of tree.attached) {
      attached.set(tag, { ...resolved.descriptor, annotations: { [layoutAnnotations.refName]: tag } });
    }
  }
  return [...named, ...referrers.values(), ...attached.values()];
}

interface BlobSource {
  readonly blob: Descriptor;
  readonly read: (options: Cancellable) => Promise<AsyncIterable<Buffer>>;
}

function contentOf(artifacts: readonly ArchivedArtifact[]): readonly BlobSource[] {
  const sources = new Map<Digest, BlobSource>();
  const add = (source: BlobSource) => {
    const { digest, size } = source.blob;
    const known = sources.get(digest) ?? source;
    if (known.blob.size !== size) {
      throw new OutboardError(
        'invalid',
        `blob ${digest} is listed with two sizes, ${known.blob.size} and ${size}`,
      );
    }
    sources.set(digest, known);
  };
  for (const { tree, openBlob } of artifacts) {
    for (const { descriptor, bytes } of tree.manifests.values()) {
      add({ blob: descriptor, read: async () => oneChunk(bytes) });
    }
    for (const blob of tree.blobs.values()) add({ blob, read: (options) => openBlob(blob, options) });
  }
  return [...sources.values()].sort((a, b) => (a.blob.digest < b.blob.digest ? -1 : 1));
}

async function* oneChunk(bytes: Buffer): AsyncGenerator<Buffer> {
  yield bytes;
}

/** Tools that unpack archives entry by entry expect the directories first. */
function writeDirectories(writer: TarWriter, sources: readonly BlobSource[]): void {
  const used = new Set(sources.map(({ blob }) => `blobs/${digestAlgorithm(blob.digest)}`));
  for (const name of ['blobs', ...[...used].sort()]) {
    writer.onEntry({ ...entryOf(name, 0), type: 'directory', mode: 0o755 });
    writer.onEntryEnd();
  }
}

function writeFile(writer: TarWriter, name: string, bytes: Buffer): void {
  writer.onEntry(entryOf(name, bytes.length));
  if (bytes.length > 0) writer.onContent(bytes);
  writer.onEntryEnd();
}

/** An entry without owner and time, so that its bytes depend on its content alone. */
function entryOf(name: string, size: number): TarEntry {
  return {
    type: 'file',
    name: Buffer.from(name),
    linkName: Buffer.alloc(0),
    mode: 0o644,
    uid: 0,
    gid: 0,
    size,
    modifiedAt: 0,
    deviceMajor: 0,
    deviceMinor: 0,
    xattrs: new Map(),
  };
}
