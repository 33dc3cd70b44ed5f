/**
 * Takes files and directories of the host into a tree. Files are read when the tree is written.
 */
import { lstatSync, readdirSync, readlinkSync, type Stats, statSync } from 'node:fs';
import { OutboardError } from '@outboard/oci';
import type { RootTree } from './root-tree.ts';
import type { NodeFacts, TreeNode } from './tree-node.ts';

/** Choices for files of the host. */
export interface HostFileOptions {
  /** Seconds since the epoch that every entry gets: times of a checkout differ from one to the next. */
  readonly modifiedAt: number;
  /**
   * `root`: files of a project, which become root's with mode 0755 or 0644. `kept`: a root filesystem, whose modes are kept, and
   * owners when this process is root; without root they become root's.
   */
  readonly owners: 'root' | 'kept';
  /** Permission bits of every file, in place of its own. */
  readonly mode?: number | undefined;
  /** False leaves an entry out; the path is relative to the directory. */
  readonly accepts?: ((path: string) => boolean) | undefined;
  /** Called for entries that an archive cannot hold. */
  readonly onSkip?: ((message: string) => void) | undefined;
}

/** Add one file of the host; links are followed. @throws {OutboardError} invalid when it is no file */
export function addFile(tree: RootTree, path: string, file: string, options: HostFileOptions): void {
  const stats = attempt(file, () => statSync(file));
  if (!stats.isFile()) throw new OutboardError('invalid', `${JSON.stringify(file)} is not a file`);
  tree.put(path, fileNode(file, stats, options));
}

/**
 * Add the content of a directory of the host, in sorted order.
 * @param path place in the tree, as `RootTree` takes it
 * @throws {OutboardError} invalid when something cannot be read
 */
export function addDirectory(
  tree: RootTree,
  path: string,
  directory: string,
  options: HostFileOptions,
): void {
  /** First node of each hard-linked file, by device and inode. */
  const links = new Map<string, TreeNode>();
  walk('', Buffer.from(directory));

  function walk(inner: string, source: Buffer): void {
    const children = attempt(source, () => readdirSync(source, { encoding: 'buffer' }));
    for (const child of children.sort(Buffer.compare)) {
      const name = inner === '' ? child.toString('latin1') : `${inner}/${child.toString('latin1')}`;
      if (options.accepts?.(name) === false) continue;
      const place = Buffer.concat([source, Buffer.from('/'), child]);
      const node = attempt(place, () => readNode(place, links, options));
      if (node === undefined) {
        options.onSkip?.(`left out "${place}": a socket cannot be archived`);
        continue;
      }
      tree.put(`${path}/${name}`, node);
      if (node.type === 'directory') walk(name, place);
    }
  }
}

function readNode(
  place: Buffer,
  links: Map<string, TreeNode>,
  options: HostFileOptions,
): TreeNode | undefined {
  const stats = lstatSync(place);
  const facts = factsOf(stats, options);
  if (stats.isDirectory()) return { type: 'directory', facts, children: new Map() };
  if (stats.isSymbolicLink())
    return { type: 'symlink', facts, target: readlinkSync(place, { encoding: 'buffer' }) };
  if (stats.isSocket()) return undefined;
  const { dev, ino } = lstatSync(place, { bigint: true });
  const key = `${dev}:${ino}`;
  const linked = stats.nlink > 1 ? links.get(key) : undefined;
  if (linked !== undefined) return linked;
  const node = stats.isFile() ? fileNode(place, stats, options) : specialNode(stats, facts);
  if (stats.nlink > 1) links.set(key, node);
  return node;
}

function fileNode(file: string | Buffer, stats: Stats, options: HostFileOptions): TreeNode {
  return {
    type: 'file',
    facts: factsOf(stats, options),
    content: { file, start: 0, size: stats.size },
  };
}

/** @see glibc sys/sysmacros.h, gnu_dev_major and gnu_dev_minor, for numbers below 2^32 */
function specialNode(stats: Stats, facts: NodeFacts): TreeNode {
  if (stats.isFIFO()) return { type: 'fifo', facts, deviceMajor: 0, deviceMinor: 0 };
  return {
    type: stats.isBlockDevice() ? 'block-device' : 'character-device',
    facts,
    deviceMajor: (stats.rdev >>> 8) & 0xfff,
    deviceMinor: (stats.rdev & 0xff) | ((stats.rdev >>> 12) & 0xfff00),
  };
}

function factsOf(stats: Stats, { owners, modifiedAt, mode: given }: HostFileOptions): NodeFacts {
  if (owners === 'kept') {
    const isRoot = process.getuid?.() === 0;
    const { uid, gid } = isRoot ? stats : { uid: 0, gid: 0 };
    return { mode: stats.mode & 0o7777, uid, gid, modifiedAt };
  }
  const mode = stats.isDirectory() || (stats.mode & 0o100) !== 0 ? 0o755 : 0o644;
  return { mode: stats.isSymbolicLink() ? 0o777 : (given ?? mode), uid: 0, gid: 0, modifiedAt };
}

function attempt<Result>(source: string | Buffer, action: () => Result): Result {
  try {
    return action();
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new OutboardError('invalid', `cannot read "${source}": ${reason}`, { cause });
  }
}
