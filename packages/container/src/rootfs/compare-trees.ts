/**
 * Compares two trees by their archives with digests in place of contents: the tree that layers make, and the one on disk.
 */
import type { TarEntry } from '@outboard/oci';
import { readListing, type TreeEntry } from './tree-listing.ts';

/** One difference between a tree and the one that its layers make. */
export interface TreeDifference {
  /** Path below the root directory, such as `usr/bin/sshfs`; bytes that are no UTF-8 are replaced. Empty for the root. */
  readonly path: string;
  /** Difference, such as `its content differs`. */
  readonly problem: string;
  /**
   * `damaged`: no program does that on purpose, or only a failing disk leaves such a trace. `changed`: the plugin may have
   * done it while it ran. `added`: it is in no layer.
   */
  readonly kind: 'damaged' | 'changed' | 'added';
}

/** Options of `compareTrees`. */
export interface CompareOptions {
  /** True for a tree that no plugin has run in: nothing can have been changed on purpose. Default false. */
  readonly isUntouched?: boolean | undefined;
}

/**
 * Compare two trees entry by entry, in the order of their names; neither is held in memory. Empty files and directories that
 * are in no layer are left out: the runtime makes them as mount points. So are times of directories, and which of several
 * names of a file is a hard link to which.
 * @param expected archive of the tree that the layers make, with digests in place of contents
 * @param actual the same of the tree on disk
 * @throws {OutboardError} invalid for a malformed archive; the errors of the sources
 */
export async function* compareTrees(
  expected: AsyncIterable<Buffer>,
  actual: AsyncIterable<Buffer>,
  { isUntouched = false }: CompareOptions = {},
): AsyncGenerator<TreeDifference> {
  const [wanted, found] = [readListing(expected), readListing(actual)];
  let [want, have] = [await wanted.next(), await found.next()];
  while (want.done !== true || have.done !== true) {
    const order = orderOf(want.value?.key, have.value?.key);
    const difference =
      order < 0
        ? missing(want.value, isUntouched)
        : order > 0
          ? added(have.value)
          : differing(want.value, have.value, isUntouched);
    if (difference !== undefined) yield difference;
    if (order <= 0) want = await wanted.next();
    if (order >= 0) have = await found.next();
  }
}

/** Negative when the expected entry comes first; an archive that has ended comes last. */
function orderOf(want: string | undefined, have: string | undefined): number {
  if (want === undefined) return 1;
  if (have === undefined) return -1;
  return want < have ? -1 : want > have ? 1 : 0;
}

function missing(entry: TreeEntry | undefined, isUntouched: boolean): TreeDifference | undefined {
  if (entry === undefined) return undefined;
  const kind = isUntouched || isProgram(entry) ? 'damaged' : 'changed';
  return { path: shown(entry), problem: 'it is missing', kind };
}

function added(entry: TreeEntry | undefined): TreeDifference | undefined {
  if (entry === undefined || entry.header.type === 'directory' || entry.size === 0) return undefined;
  return { path: shown(entry), problem: 'it is in no layer', kind: 'added' };
}

function differing(
  want: TreeEntry | undefined,
  have: TreeEntry | undefined,
  isUntouched: boolean,
): TreeDifference | undefined {
  if (want === undefined || have === undefined) return undefined;
  const path = shown(want);
  if (have.failure !== undefined) {
    return { path, problem: `it cannot be read (${have.failure})`, kind: 'damaged' };
  }
  const content = contentProblem(want, have);
  if (content !== undefined) {
    const isDamage = isUntouched || isProgram(want) || isTraceOfDisk(want, have);
    return { path, problem: content, kind: isDamage ? 'damaged' : 'changed' };
  }
  const metadata = metadataProblem(want.header, have.header);
  return metadata === undefined
    ? undefined
    : { path, problem: metadata, kind: isUntouched ? 'damaged' : 'changed' };
}

/** The content of a file, link or device, apart from who may use it. */
function contentProblem(want: TreeEntry, have: TreeEntry): string | undefined {
  const [a, b] = [want.header, have.header];
  if (a.type !== b.type) return `it is a ${nameOf(b)}, want a ${nameOf(a)}`;
  if (a.type === 'symlink') {
    const isSame = a.linkName.equals(b.linkName);
    return isSame ? undefined : `it leads to ${textOf(b.linkName)}, want ${textOf(a.linkName)}`;
  }
  if (a.type === 'file') {
    if (want.size !== have.size) return `it has ${have.size} bytes, want ${want.size}`;
    return want.digest === have.digest ? undefined : 'its content differs from its layer';
  }
  const isSame = a.deviceMajor === b.deviceMajor && a.deviceMinor === b.deviceMinor;
  return isSame ? undefined : 'it is another device';
}

function metadataProblem(want: TarEntry, have: TarEntry): string | undefined {
  if (want.mode !== have.mode) return `its mode is ${octal(have.mode)}, want ${octal(want.mode)}`;
  if (want.uid !== have.uid || want.gid !== have.gid)
    return `its owner is ${have.uid}:${have.gid}, want ${want.uid}:${want.gid}`;
  const names = new Set([...want.xattrs.keys(), ...have.xattrs.keys()]);
  for (const name of names) {
    const [a, b] = [want.xattrs.get(name), have.xattrs.get(name)];
    if (a === undefined || b === undefined || !a.equals(b))
      return `its extended attribute ${JSON.stringify(name.slice(0, 64))} differs`;
  }
  return undefined;
}

/** A program or a library: plugins do not rewrite them. */
function isProgram({ header, name }: TreeEntry): boolean {
  return header.type === 'file' && ((header.mode & 0o111) !== 0 || /\.so(\.[0-9.]+)?$/.test(name));
}

/** A write sets the time of a file; a failing disk does not, and a power cut leaves files empty. */
function isTraceOfDisk(want: TreeEntry, have: TreeEntry): boolean {
  if (want.header.type !== 'file' || have.header.type !== 'file') return false;
  return want.header.modifiedAt === have.header.modifiedAt || have.size === 0;
}

function shown({ name }: TreeEntry): string {
  return Buffer.from(name, 'latin1').toString();
}

function textOf(bytes: Buffer): string {
  return JSON.stringify(bytes.toString().slice(0, 200));
}

function nameOf({ type }: TarEntry): string {
  return type.replace('-', ' ');
}

function octal(mode: number): string {
  return mode.toString(8).padStart(4, '0');
}
