/**
 * Judges the entries of an archive of images before any byte of them is stored.
 */
import { type Digest, parseDigest } from '../digests/digest.ts';
import { isOutboardError, OutboardError } from '../errors/outboard-error.ts';
import { cleanEntryName } from '../layers/tar/path.ts';
import type { TarEntry } from '../layers/tar/tar-entry.ts';
import { dockerManifestFile, isMemberName } from './docker-archive.ts';
import { layoutFiles } from './layout-documents.ts';

/** Bounds of an archive. */
const maxEntries = 65_536;
/** Bytes that belong to no layout, such as files of other formats, and padding after the end. */
const maxForeignBytes = 64 * 1024 * 1024;
/** Bytes of files that are layers if the archive is one of `docker save`: as of the layers of one plugin. */
const maxMemberBytes = 11 * 1024 ** 3;
/** Foreign names kept for messages. */
const namesShown = 3;

/** The destination of one entry. */
export type EntryRole =
  | { readonly kind: 'document'; readonly name: string }
  | { readonly kind: 'blob'; readonly digest: Digest; readonly size: number }
  /** A config or a layer of an archive without layout; what it is of is known at the end. */
  | { readonly kind: 'member'; readonly name: string }
  | { readonly kind: 'link'; readonly name: string; readonly target: string }
  | { readonly kind: 'foreign' };

const foreign: EntryRole = { kind: 'foreign' };
const documents: ReadonlyMap<string, number> = new Map(
  [...Object.values(layoutFiles), dockerManifestFile].map(({ name, maxBytes }) => [name, maxBytes]),
);

/** Counts the entries of one archive, and decides what each is. */
export class ArchiveEntries {
  readonly #documents = new Set<string>();
  readonly #foreignNames: string[] = [];
  #count = 0;
  #foreignBytes = 0;
  #memberBytes = 0;

  /**
   * Judge one entry.
   * @throws {OutboardError} invalid for a blob whose name is no digest, a document that is too large or appears twice, and
   *   too much of anything
   */
  judge(entry: TarEntry): EntryRole {
    this.#count++;
    if (this.#count > maxEntries) {
      throw new OutboardError('invalid', `the archive has more than ${maxEntries} entries`);
    }
    const name = cleanEntryName(entry.name, entry.type === 'directory').toString('utf8');
    if (entry.type === 'directory') return foreign;
    const [top = '', algorithm = '', hex = '', ...deeper] = name.split('/');
    if (documents.has(name)) return this.#document(name, entry);
    if (top === 'blobs' && (algorithm === 'sha256' || algorithm === 'sha512')) {
      return { kind: 'blob', digest: blobDigest(name, [hex, ...deeper].join('/'), entry), size: entry.size };
    }
    const member = this.#member(name, entry);
    if (member !== undefined) return member;
    if (this.#foreignNames.length < namesShown) this.#foreignNames.push(name);
    this.addForeign(entry.size);
    return foreign;
  }

  /** Count bytes that are dropped. @throws {OutboardError} invalid when they are too many */
  addForeign(bytes: number): void {
    this.#foreignBytes += bytes;
    if (this.#foreignBytes <= maxForeignBytes) return;
    throw new OutboardError(
      'invalid',
      `the archive holds more than ${maxForeignBytes} bytes that are not part of an OCI image layout${this.#described()}`,
    );
  }

  /** True when the archive has images in the form of `docker save`, and no layout. */
  get isDockerArchive(): boolean {
    return this.#documents.has(dockerManifestFile.name) && !this.#documents.has(layoutFiles.index.name);
  }

  /** Ensure that a document was there. @throws {OutboardError} invalid, telling what the archive is instead */
  require(name: string): void {
    if (this.#documents.has(name)) return;
    throw new OutboardError(
      'invalid',
      `the archive is not an OCI image layout, and not one of docker save: it has no ${JSON.stringify(name)}${this.#described()}`,
      { code: 'not-a-layout' },
    );
  }

  #member(name: string, { type, size, linkName }: TarEntry): EntryRole | undefined {
    if (!isMemberName(name)) return undefined;
    if (this.#foreignNames.length < namesShown) this.#foreignNames.push(name);
    if (type === 'symlink') return { kind: 'link', name, target: linkName.toString('utf8') };
    if (type !== 'file') return undefined;
    this.#memberBytes += size;
    if (this.#memberBytes > maxMemberBytes) {
      throw new OutboardError('invalid', `the archive has more than ${maxMemberBytes} bytes of layers`, {
        code: 'too-many-bytes',
      });
    }
    return { kind: 'member', name };
  }

  #document(name: string, entry: TarEntry): EntryRole {
    if (entry.type !== 'file') {
      throw new OutboardError(
        'invalid',
        `${JSON.stringify(name)} in the archive is a ${entry.type}, want a file`,
      );
    }
    if (this.#documents.has(name)) {
      throw new OutboardError('invalid', `${JSON.stringify(name)} is in the archive twice`);
    }
    const maxBytes = documents.get(name) ?? 0;
    if (entry.size > maxBytes) {
      throw new OutboardError(
        'invalid',
        `${JSON.stringify(name)} in the archive has ${entry.size} bytes, at most ${maxBytes} are accepted`,
      );
    }
    this.#documents.add(name);
    return { kind: 'document', name };
  }

  /** The kind of archive that this is instead, as far as its names tell. */
  #described(): string {
    const names = this.#foreignNames;
    if (names.length === 0) return this.#count === 0 ? ': it is empty' : '';
    const isContext = names.some((name) => name === 'config.json' || name.startsWith('rootfs/'));
    if (isContext) return ': it looks like a plugin directory, for `outboard create`';
    return `: it holds ${names.map((name) => JSON.stringify(name.slice(0, 100))).join(', ')}${this.#count > namesShown ? ', …' : ''}`;
  }
}

function blobDigest(name: string, hex: string, { type }: TarEntry): Digest {
  if (type !== 'file') {
    throw new OutboardError(
      'invalid',
      `blob ${JSON.stringify(name.slice(0, 300))} in the archive is a ${type}, want a file`,
    );
  }
  try {
    return parseDigest(`${name.split('/')[1]}:${hex}`);
  } catch (cause) {
    if (!isOutboardError(cause)) throw cause;
    throw new OutboardError(
      'invalid',
      `${JSON.stringify(name.slice(0, 300))} in the archive is not named by a digest: want blobs/sha256/<64 lower-case hex digits>`,
      { cause },
    );
  }
}
