/**
 * The states in which a power cut can leave a directory: what was flushed is there, and of what was not, any part. A file
 * that was not flushed is empty. Renames are atomic, as on ext4, XFS and Btrfs.
 */
import { cpSync, lstatSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import type { RecordedChange } from './recorded-changes.ts';

/** A directory; one with a tree is a root filesystem, which is flushed as a whole before it is renamed. */
interface Directory {
  readonly type: 'directory';
  readonly children: Map<string, Inode>;
  tree?: { readonly copy: string; readonly inode: number };
}
interface File {
  readonly type: 'file';
  readonly contents: { readonly at: number; readonly bytes: Buffer }[];
}
type Inode = Directory | File;

/** One atomic change of directory entries. */
interface EntryChange {
  readonly at: number;
  readonly entries: readonly {
    readonly directory: Directory;
    readonly name: string;
    readonly inode?: Inode;
  }[];
}

/** A state to write, and its place. */
interface CrashState {
  readonly at: number;
  readonly entries: ReadonlyMap<Directory, ReadonlyMap<string, Inode>>;
  /** Inode numbers of copied trees by those of the originals. */
  readonly inodes: Map<string, string>;
  readonly target: string;
}

const treeNames = new Set(['rootfs', 'rootfs.previous', 'rootfs.upgrade']);

/** Follows the changes of a directory. */
export class CrashStates {
  readonly #root: string;
  readonly #copies: string;
  readonly #top: Directory;
  /** The entries of each directory at the beginning. */
  readonly #first = new Map<Directory, ReadonlyMap<string, Inode>>();
  readonly #changes: EntryChange[] = [];
  readonly #flushes: { readonly at: number; readonly directory: Directory }[] = [];
  #at = 0;

  /**
   * Begin with a directory as it is, flushed.
   * @param copies an empty directory for copies of trees
   */
  constructor(root: string, copies: string) {
    this.#root = root;
    this.#copies = copies;
    this.#top = this.#read(root);
  }

  /** Number of changes and flushes so far. */
  get length(): number {
    return this.#at;
  }

  /** Follow a change that was just made. */
  follow({ kind, path, to }: RecordedChange): void {
    this.#at += 1;
    const name = basename(path);
    const directory = this.#directory(dirname(path));
    const inode = path === this.#root ? this.#top : directory.children.get(name);
    if (kind === 'flush' && inode?.type === 'directory') {
      this.#flushes.push({ at: this.#at, directory: inode });
    } else if (kind === 'flush' && inode?.type === 'file') {
      inode.contents.push({ at: this.#at, bytes: readFileSync(path) });
    } else if (kind === 'write' && inode === undefined) {
      this.#change([{ directory, name, inode: { type: 'file', contents: [] } }]);
    } else if (kind === 'make') {
      this.#change([{ directory, name, inode: this.#newDirectory() }]);
    } else if (kind === 'delete') {
      this.#change([{ directory, name }]);
    } else if (to !== undefined && inode !== undefined) {
      const target = { directory: this.#directory(dirname(to)), name: basename(to) };
      const other = kind === 'exchange' ? target.directory.children.get(target.name) : undefined;
      this.#copyTrees(to, inode);
      this.#change([
        { directory, name, ...(other && { inode: other }) },
        { ...target, inode },
      ]);
    }
  }

  /**
   * Write the state after a power cut.
   * @param at number of changes and flushes before it
   * @param survives decides for each change that was not flushed
   * @param target an empty directory
   */
  write(at: number, survives: () => boolean, target: string): void {
    const entries = new Map([...this.#first].map(([directory, names]) => [directory, new Map(names)]));
    for (const change of this.#changes) {
      if (change.at > at || !(this.#isFlushed(change, at) || survives())) continue;
      for (const { directory, name, inode } of change.entries) {
        if (inode === undefined) entries.get(directory)?.delete(name);
        else entries.get(directory)?.set(name, inode);
      }
    }
    const inodes = new Map<string, string>();
    this.#writeDirectory(this.#top, { at, entries, inodes, target });
    renumberJournals(target, inodes);
  }

  #isFlushed({ at: changedAt, entries }: EntryChange, at: number): boolean {
    return this.#flushes.some(
      (flush) =>
        flush.at > changedAt &&
        flush.at <= at &&
        entries.some(({ directory }) => directory === flush.directory),
    );
  }

  #writeDirectory(directory: Directory, state: CrashState): void {
    const { at, entries, inodes, target } = state;
    if (directory.tree !== undefined) {
      cpSync(directory.tree.copy, target, { recursive: true });
      inodes.set(String(directory.tree.inode), String(lstatSync(target).ino));
      return;
    }
    mkdirSync(target, { recursive: true, mode: 0o700 });
    for (const [name, inode] of entries.get(directory) ?? []) {
      const path = join(target, name);
      if (inode.type === 'directory') this.#writeDirectory(inode, { ...state, target: path });
      else
        writeFileSync(path, inode.contents.findLast((content) => content.at <= at)?.bytes ?? '', {
          mode: 0o600,
        });
    }
  }

  #change(entries: EntryChange['entries']): void {
    this.#changes.push({ at: this.#at, entries });
    for (const { directory, name, inode } of entries) {
      if (inode === undefined) directory.children.delete(name);
      else directory.children.set(name, inode);
    }
  }

  #directory(path: string): Directory {
    let at: Inode = this.#top;
    for (const name of relative(this.#root, path)
      .split('/')
      .filter((part) => part !== '' && part !== '..')) {
      const next: Inode | undefined = at.type === 'directory' ? at.children.get(name) : undefined;
      if (next === undefined) throw new Error(`${path} was made unseen`);
      at = next;
    }
    if (at.type !== 'directory') throw new Error(`${path} is no directory`);
    return at;
  }

  #newDirectory(children: ReadonlyMap<string, Inode> = new Map()): Directory {
    const directory: Directory = { type: 'directory', children: new Map(children) };
    this.#first.set(directory, children);
    return directory;
  }

  #read(path: string): Directory {
    const children = new Map<string, Inode>();
    for (const name of readdirSync(path)) {
      const inner = join(path, name);
      const status = lstatSync(inner);
      if (status.isDirectory()) {
        const directory = treeNames.has(name) ? this.#newDirectory() : this.#read(inner);
        children.set(name, directory);
        if (treeNames.has(name)) this.#copyTree(inner, directory);
      } else if (status.isFile()) {
        children.set(name, { type: 'file', contents: [{ at: 0, bytes: readFileSync(inner) }] });
      }
    }
    return this.#newDirectory(children);
  }

  /** Copy trees that a child process filled, when they are renamed. */
  #copyTrees(path: string, inode: Inode): void {
    if (inode.type !== 'directory' || inode.tree !== undefined) return;
    if (treeNames.has(basename(path))) this.#copyTree(path, inode);
    else for (const [name, child] of inode.children) this.#copyTrees(join(path, name), child);
  }

  #copyTree(path: string, directory: Directory): void {
    directory.tree = {
      copy: join(this.#copies, String(readdirSync(this.#copies).length)),
      inode: lstatSync(path).ino,
    };
    cpSync(path, directory.tree.copy, { recursive: true });
  }
}

/** Journals name trees by inode, and the copies have others. */
function renumberJournals(root: string, inodes: ReadonlyMap<string, string>): void {
  for (const name of readdirSync(root, { recursive: true, encoding: 'utf8' })) {
    if (basename(name) !== 'upgrade.json') continue;
    const journal = JSON.parse(readFileSync(join(root, name), 'utf8'));
    writeFileSync(join(root, name), JSON.stringify({ ...journal, inode: inodes.get(journal.inode) ?? '0' }));
  }
}
