/**
 * Archives the tree of the jail, in the jail: nothing of it can lead outside, whatever its layers hold. The same layers give
 * the same bytes: names in the order of their bytes, times in whole seconds, no names of users.
 */
import {
  type BigIntStats,
  closeSync,
  constants,
  lstatSync,
  readdirSync,
  readlinkSync,
  readSync,
} from 'node:fs';
import {
  createDigester,
  createTarWriter,
  OutboardError,
  type TarEntry,
  type TarEntryType,
} from '@outboard/oci/layers';
import { errorCode } from '../../linux/errno.ts';
import { listPathAttributes, openFile, readPathAttribute, terminatePath } from '../../linux/file-calls.ts';
import { isKeptAttribute } from './entry-metadata.ts';
import { check, showName } from './jail-path.ts';

/** Number of entries and bytes of an archive. */
export interface ArchivedTree {
  readonly entries: number;
  readonly size: number;
}

const blockBytes = 256 * 1024;
// O_NONBLOCK: what was a file a moment ago may be a FIFO now, in the tree of a plugin that runs.
const readFlags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK | 0o2000000; // O_CLOEXEC
const empty = Buffer.alloc(0);
const nanosecondsPerSecond = 1_000_000_000n;

/** Options of `archiveTree`. */
export interface ArchiveTreeOptions {
  /**
   * Seconds since the epoch. A directory that changed later has a time that no layer gave it: a layer added to it
   * without an entry for it. The archive has time 0 for it.
   */
  readonly startedAt: number;
  /** See `ArchiveOptions.contents`. */
  readonly contents: 'bytes' | 'digests';
  /** Takes the bytes of the archive; a piece is valid during the call only. */
  readonly write: (piece: Buffer) => void;
}

/**
 * Archive everything below the root directory of this process, and the root itself as `./`.
 * @throws {OutboardError} system when the disk fails; invalid for a path that is longer than the kernel's limit
 */
export function archiveTree({ startedAt, contents, write }: ArchiveTreeOptions): ArchivedTree {
  let size = 0;
  let entries = 0;
  const block = Buffer.allocUnsafeSlow(blockBytes);
  const links = new Map<bigint, Buffer>();
  const writer = createTarWriter((piece) => {
    size += piece.length;
    write(piece);
  });
  const rest = ['/'];
  for (let path = rest.pop(); path !== undefined; path = rest.pop()) {
    const at = Buffer.from(path, 'latin1');
    const stats = lstatSync(at, { bigint: true });
    if (stats.isDirectory()) {
      const names = readdirSync(at, { encoding: 'latin1' });
      const prefix = path === '/' ? path : `${path}/`;
      // The last one is taken first. Strings of bytes compare as their bytes.
      for (const name of names.sort().reverse()) rest.push(`${prefix}${name}`);
    }
    const type = typeOf(stats, at);
    if (type === undefined) continue;
    entries += 1;
    const entry = describeEntry(at, stats, { type, links, startedAt });
    if (entry.type === 'file' && contents === 'digests') {
      const linked = stats.nlink > 1n ? ' linked' : '';
      const text = Buffer.from(`${describeContent(at, entry.size, block)}${linked}`);
      writer.onEntry({ ...entry, size: text.length });
      writer.onContent(text);
    } else {
      writer.onEntry(entry);
      if (entry.type === 'file') copyContent(at, entry.size, block, writer.onContent);
    }
    writer.onEntryEnd();
  }
  writer.end();
  return { entries, size };
}

/** @returns undefined for a socket, which no layer can make */
function typeOf(stats: BigIntStats, path: Buffer): TarEntryType | undefined {
  if (stats.isFile()) return 'file';
  if (stats.isDirectory()) return 'directory';
  if (stats.isSymbolicLink()) return 'symlink';
  if (stats.isFIFO()) return 'fifo';
  if (stats.isCharacterDevice()) return 'character-device';
  if (stats.isBlockDevice()) return 'block-device';
  if (stats.isSocket()) return undefined;
  throw new OutboardError('system', `cannot archive ${showName(path)}: it is of an unknown type`);
}

function describeEntry(
  path: Buffer,
  stats: BigIntStats,
  {
    type,
    links,
    startedAt,
  }: { readonly type: TarEntryType; readonly links: Map<bigint, Buffer>; readonly startedAt: number },
): TarEntry {
  const name = path.length === 1 ? Buffer.from('./') : path.subarray(1);
  const seconds = Number(stats.mtimeNs / nanosecondsPerSecond);
  const isDevice = type === 'character-device' || type === 'block-device';
  const entry = {
    type,
    name,
    linkName: type === 'symlink' ? readlinkSync(path, 'buffer') : empty,
    mode: Number(stats.mode) & 0o7777,
    uid: Number(stats.uid),
    gid: Number(stats.gid),
    size: type === 'file' ? Number(stats.size) : 0,
    modifiedAt: type === 'directory' && seconds >= startedAt ? 0 : seconds,
    deviceMajor: isDevice ? majorOf(stats.rdev) : 0,
    deviceMinor: isDevice ? minorOf(stats.rdev) : 0,
    xattrs: readAttributes(path),
  };
  if (stats.nlink === 1n || (type !== 'file' && type !== 'symlink')) return entry;
  const first = links.get(stats.ino);
  if (first === undefined) {
    links.set(stats.ino, name);
    return entry;
  }
  return { ...entry, type: 'hard-link', linkName: first, size: 0, xattrs: new Map() };
}

function copyContent(path: Buffer, size: number, block: Buffer, write: (chunk: Buffer) => void): void {
  const descriptor = check(openFile(terminatePath(path), readFlags, 0), 'open', terminatePath(path));
  try {
    for (let rest = size; rest > 0; ) {
      const length = readSync(descriptor, block, 0, Math.min(rest, block.length), null);
      if (length === 0) throw new OutboardError('system', `cannot read ${showName(path)}: it ends early`);
      write(block.subarray(0, length));
      rest -= length;
    }
  } finally {
    closeSync(descriptor);
  }
}

/** The attributes that unpacking keeps. */
function readAttributes(path: Buffer): ReadonlyMap<string, Buffer> {
  const terminated = terminatePath(path);
  const names = listPathAttributes(terminated).filter(isKeptAttribute).sort();
  if (names.length === 0) return none;
  return new Map(names.map((name) => [name, readPathAttribute(terminated, name)]));
}

/** Size and digest of a file, or the reason why the disk does not give it back. */
function describeContent(path: Buffer, size: number, block: Buffer): string {
  const digester = createDigester();
  try {
    copyContent(path, size, block, (chunk) => digester.update(chunk));
    return `${size} ${digester.digest()}`;
  } catch (error) {
    return `error ${errorCode(error) ?? 'EIO'}`;
  }
}

const none: ReadonlyMap<string, Buffer> = new Map();

/** @see glibc `gnu_dev_major`, for the numbers that `makeNode` takes */
function majorOf(device: bigint): number {
  return Number((device >> 8n) & 0xfffn);
}

function minorOf(device: bigint): number {
  return Number((device & 0xffn) | ((device >> 12n) & 0xfff00n));
}
