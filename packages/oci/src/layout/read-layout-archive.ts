/**
 * Reads an archive of an OCI image layout, or one of `docker save`, into a content store while it streams in. Entries may come
 * in any order, plain or compressed; every blob is verified against its name, and what the documents name must be there.
 */
import { type Cancellable, stopWhenAborted } from '@outboard/async';
import type { ContentStore, ExpectedContent, Ingest, Lease } from '../content/content-store.ts';
import { digestAlgorithm } from '../digests/digest.ts';
import { isOutboardError, OutboardError } from '../errors/outboard-error.ts';
import { decompress } from '../layers/compression.ts';
import type { TarEntry, TarHandler } from '../layers/tar/tar-entry.ts';
import { createTarReader } from '../layers/tar/tar-reader.ts';
import { mediaTypes } from '../manifests/media-types.ts';
import { ArchiveEntries, type EntryRole } from './archive-entries.ts';
import {
  ArchiveMembers,
  type DockerImage,
  dockerManifestFile,
  encodeDockerImage,
  maxDockerConfigBytes,
  parseDockerManifest,
} from './docker-archive.ts';
import { layoutFiles, parseLayoutIndex, requireLayoutVersion } from './layout-documents.ts';
import { type LayoutEntry, layoutAnnotations, toLayoutEntry } from './layout-entry.ts';

/** Upper bound of headers, padding, and bytes after the end: several times what the most entries have. */
const maxOverheadBytes = 256 * 1024 * 1024;

const gzipMagic = Buffer.from([0x1f, 0x8b]);

/** Destination of an archive. */
export interface ArchiveDestination {
  readonly content: Pick<ContentStore, 'ingest' | 'read'>;
  /** Protects every blob of the archive until the caller has chosen what to keep. */
  readonly lease: Lease;
}

/**
 * Read an archive to its end.
 * @returns the entries of its `index.json`, or those that one would have for the images of `docker save`
 * @throws {OutboardError} invalid for an archive that is damaged, truncated, or no layout; the store's errors. Blobs that
 *   came before are in the store, under the lease.
 */
export async function readLayoutArchive(
  source: AsyncIterable<Uint8Array>,
  to: ArchiveDestination,
  options: Cancellable = {},
): Promise<readonly LayoutEntry[]> {
  const { signal } = options;
  const guarded = signal === undefined ? source : stopWhenAborted(source, signal);
  await using intake = new ArchiveIntake(to);
  try {
    const { content } = await decompress(guarded, options);
    const reader = createTarReader(intake);
    for await (const chunk of content) {
      reader.write(chunk);
      intake.count(chunk.length);
      await intake.store();
    }
    reader.end();
    await intake.store();
    return await intake.entries();
  } catch (cause) {
    if (!isOutboardError(cause, 'invalid')) throw cause;
    throw new OutboardError('invalid', `cannot read the archive: ${cause.message}`, {
      cause,
      code: cause.code,
    });
  }
}

type Step =
  | { readonly kind: 'begin'; readonly role: EntryRole }
  | { readonly kind: 'content'; readonly chunk: Buffer }
  | { readonly kind: 'end' };

/** Gathers the steps of one chunk, which the reader reports synchronously, and then stores them. */
class ArchiveIntake implements TarHandler, AsyncDisposable {
  readonly #to: ArchiveDestination;
  readonly #judge = new ArchiveEntries();
  readonly #documents = new Map<string, Buffer[]>();
  readonly #members = new ArchiveMembers();
  #steps: Step[] = [];
  /** The first bytes of the current member. */
  #head: Buffer = Buffer.alloc(0);
  #role: EntryRole = { kind: 'foreign' };
  #ingest: Ingest | undefined;
  #overhead = 0;

  constructor(to: ArchiveDestination) {
    this.#to = to;
  }

  onEntry(entry: TarEntry): void {
    this.#steps.push({ kind: 'begin', role: this.#judge.judge(entry) });
  }

  onContent(chunk: Buffer): void {
    this.#overhead -= chunk.length;
    this.#steps.push({ kind: 'content', chunk });
  }

  onEntryEnd(): void {
    this.#steps.push({ kind: 'end' });
  }

  /** Bound headers, padding, and what follows the end of the archive, which a compressed one has for nothing. */
  count(bytes: number): void {
    this.#overhead += bytes;
    if (this.#overhead <= maxOverheadBytes) return;
    throw new OutboardError(
      'invalid',
      `the archive has more than ${maxOverheadBytes} bytes beside the content of its files`,
    );
  }

  /** Store what the last chunk of the archive held. */
  async store(): Promise<void> {
    const steps = this.#steps;
    this.#steps = [];
    for (const step of steps) await this.#take(step);
  }

  /** @throws {OutboardError} invalid when the archive is no layout */
  async entries(): Promise<readonly LayoutEntry[]> {
    if (this.#judge.isDockerArchive) return await this.#dockerEntries();
    this.#judge.require(layoutFiles.index.name);
    this.#judge.require(layoutFiles.version.name);
    requireLayoutVersion(this.#documentBytes(layoutFiles.version.name));
    return parseLayoutIndex(this.#documentBytes(layoutFiles.index.name));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#ingest?.[Symbol.asyncDispose]();
  }

  async #take(step: Step): Promise<void> {
    if (step.kind === 'begin') return await this.#begin(step.role);
    if (step.kind === 'end') return await this.#end();
    if (this.#role.kind === 'document') this.#documents.get(this.#role.name)?.push(Buffer.from(step.chunk));
    if (this.#role.kind === 'member' && this.#head.length < gzipMagic.length)
      this.#head = Buffer.concat([this.#head, step.chunk.subarray(0, gzipMagic.length)]);
    await this.#ingest?.append(step.chunk);
  }

  async #begin(role: EntryRole): Promise<void> {
    this.#role = role;
    if (role.kind === 'document') this.#documents.set(role.name, []);
    if (role.kind === 'link') this.#members.addLink(role.name, role.target);
    if (role.kind === 'member') {
      this.#head = Buffer.alloc(0);
      this.#ingest = await this.#to.content.ingest();
    }
    if (role.kind !== 'blob') return;
    this.#to.lease.add(role.digest);
    this.#ingest = await this.#to.content.ingest({
      algorithm: digestAlgorithm(role.digest),
      expectedBytes: role.size,
    });
  }

  async #end(): Promise<void> {
    await using ingest = this.#ingest;
    this.#ingest = undefined;
    if (ingest === undefined) return;
    if (this.#role.kind === 'member') return await this.#endMember(this.#role.name, ingest);
    if (this.#role.kind !== 'blob') return;
    const { digest, size } = this.#role;
    try {
      await ingest.commit({ digest, size });
    } catch (cause) {
      if (!isOutboardError(cause, 'invalid')) throw cause;
      throw new OutboardError('invalid', `blob ${digest} is damaged: ${cause.message}`, { cause });
    }
  }

  async #endMember(name: string, ingest: Ingest): Promise<void> {
    const isGzip = this.#head.subarray(0, gzipMagic.length).equals(gzipMagic);
    this.#members.addFile(name, { ...(await this.#commit(ingest)), isGzip });
  }

  async #commit(ingest: Ingest): Promise<ExpectedContent> {
    // Before it is stored, so that it is never collected.
    this.#to.lease.add(ingest.digest());
    return await ingest.commit();
  }

  async #dockerEntries(): Promise<readonly LayoutEntry[]> {
    const images = parseDockerManifest(this.#documentBytes(dockerManifestFile.name), this.#members);
    const entries = await Promise.all(images.map((image) => this.#describe(image)));
    return entries.flat();
  }

  /** @returns an entry for each name of an image; one for an image without a name */
  async #describe(image: DockerImage): Promise<readonly LayoutEntry[]> {
    const config = await this.#to.content.read(image.config.digest, { maxBytes: maxDockerConfigBytes });
    await using ingest = await this.#to.content.ingest();
    await ingest.append(encodeDockerImage(image, config));
    const descriptor = { mediaType: mediaTypes.dockerManifest, ...(await this.#commit(ingest)) };
    if (image.names.length === 0) return [toLayoutEntry(descriptor)];
    return image.names.map((name) =>
      toLayoutEntry({ ...descriptor, annotations: { [layoutAnnotations.imageName]: name } }),
    );
  }

  #documentBytes(name: string): Buffer {
    return Buffer.concat(this.#documents.get(name) ?? []);
  }
}
