/**
 * Writes the entries of layers into the jail, as a handler of a tar reader.
 */
import {
  cleanEntryName,
  OutboardError,
  type TarEntry,
  type TarEntryType,
  type TarHandler,
} from '@outboard/oci/layers';
import { errorNumber } from '../../linux/errno.ts';
import { closeFile, setTimes, writeFile } from '../../linux/file-calls.ts';
import { AufsLinks, isAufsMetadata } from './aufs-metadata.ts';
import { DirectoryTimes } from './directory-times.ts';
import { EntryMaker } from './entry-maker.ts';
import { clampTime, EntryMetadata } from './entry-metadata.ts';
import { check, fileError, type JailPath, jailPath, showName } from './jail-path.ts';
import { LayerNames } from './layer-names.ts';
import { UnpackWarnings } from './unpack-warnings.ts';
import { applyWhiteout, parseWhiteout } from './whiteouts.ts';

/** Result of one layer. */
export interface WrittenLayer {
  readonly entries: number;
  readonly warnings: readonly string[];
}

interface OpenFile {
  readonly entry: TarEntry;
  readonly path: JailPath;
  readonly descriptor: number;
}

/** Writes the layers of one jail. For every layer: `startLayer`, feed it to a tar reader, `endLayer`. */
export class TreeWriter implements TarHandler {
  readonly #maxEntries: number;
  readonly #metadata = new EntryMetadata(() => this.#warnings);
  readonly #times = new DirectoryTimes();
  readonly #maker = new EntryMaker(this.#metadata, this.#times, (path) => this.#onParentMade(path));
  readonly #makers = makersOf(this.#maker);
  readonly #aufs = new AufsLinks();
  #warnings = new UnpackWarnings();
  /** Absent in the first layer, below which a whiteout has nothing to remove. */
  #names: LayerNames | undefined;
  #layers = 0;
  #entries = 0;
  /** Number of entries of all layers, and of parents made for them. */
  #made = 0;
  #file: OpenFile | undefined;

  constructor(limits: { readonly maxEntries: number }) {
    this.#maxEntries = limits.maxEntries;
  }

  startLayer(): void {
    this.#names = this.#layers++ === 0 ? undefined : new LayerNames();
    this.#warnings = new UnpackWarnings();
    this.#entries = 0;
  }

  /** @throws {OutboardError} when the times of directories cannot be set */
  endLayer(): WrittenLayer {
    this.#aufs.remove();
    this.#times.apply();
    return { entries: this.#entries, warnings: this.#warnings.list() };
  }

  onEntry(entry: TarEntry): void {
    this.#entries++;
    this.#count();
    try {
      this.#write(entry);
    } catch (error) {
      const errno = errorNumber(error);
      if (errno === undefined) throw error;
      throw fileError(errno, `cannot unpack ${showName(entry.name)}`, error);
    }
  }

  onContent(chunk: Buffer): void {
    if (this.#file === undefined) return; // content of a whiteout
    const { descriptor, path } = this.#file;
    let rest = chunk;
    while (rest.length > 0) {
      const written = check(writeFile(descriptor, rest, rest.length), 'write', path);
      if (written === rest.length) return;
      rest = rest.subarray(written);
    }
  }

  onEntryEnd(): void {
    if (this.#file === undefined) return;
    const { entry, path, descriptor } = this.#file;
    // After the content: writing clears file capabilities and changes the time.
    this.#metadata.applyToOpen(entry, descriptor, path, true);
    check(setTimes(descriptor, clampTime(entry.modifiedAt)), 'set times of', path);
    check(closeFile(descriptor), 'close', path);
    this.#file = undefined;
  }

  #write(entry: TarEntry): void {
    const path = jailPath(cleanEntryName(entry.name, entry.type === 'directory'));
    if (isAufsMetadata(path)) {
      this.#warnings.add('ignored AUFS entry', entry.name);
      if (!this.#aufs.isTarget(entry, path)) return;
    }
    const whiteout = parseWhiteout(path);
    if (whiteout !== undefined) {
      if (whiteout.kind === 'foreign') this.#warnings.add('ignored AUFS entry', entry.name);
      if (this.#names !== undefined) applyWhiteout(whiteout, this.#names);
      return;
    }
    if (entry.type === 'file') this.#file = { entry, path, descriptor: this.#maker.openFile(entry, path) };
    else this.#makers[entry.type](entry, path);
    this.#names?.add(path);
  }

  #onParentMade(path: JailPath): void {
    this.#count();
    this.#metadata.applyToParent(path);
    this.#names?.add(path);
  }

  #count(): void {
    if (++this.#made <= this.#maxEntries) return;
    throw new OutboardError('invalid', `layers unpack to more than ${this.#maxEntries} entries`, {
      code: 'too-many-entries',
    });
  }
}

type MakeEntry = (entry: TarEntry, path: JailPath) => void;

function makersOf(maker: EntryMaker): Readonly<Record<Exclude<TarEntryType, 'file'>, MakeEntry>> {
  const makeNode: MakeEntry = (entry, path) => maker.makeNode(entry, path);
  return {
    directory: (entry, path) => maker.makeDirectory(entry, path),
    symlink: (entry, path) => maker.makeSymlink(entry, path),
    'hard-link': (entry, path) => maker.makeHardLink(entry, path),
    'character-device': makeNode,
    'block-device': makeNode,
    fifo: makeNode,
  };
}
