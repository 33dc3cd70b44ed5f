/**
 * The entries of a plugin's directory, in the order of an archive: parents first, names sorted.
 * Names stay bytes, because Linux names need not be UTF-8.
 * Calls are synchronous: each takes microseconds, the thread pool would add a hundred, and root file systems have tens of
 * thousands of files. The caller waits for the network after every megabyte, so the event loop runs.
 */
import { lstatSync, readdirSync, readlinkSync, realpathSync, type Stats } from 'node:fs';
import { join } from 'node:path';
import type { TarEntry } from '@outboard/oci/layers';
import { CommandError, messageOf } from '../command-error.ts';
import type { ReadAttributes } from './file-capabilities.ts';

/** An entry of the archive, and the path of its content. */
export interface ContextEntry {
  readonly entry: TarEntry;
  /** Path on the host. */
  readonly source: Buffer;
}

/** Upper bound of the depth. Paths are limited to 4096 bytes by the system as well. */
const maxDepth = 1024;
const slash = Buffer.from('/');
const noLink = Buffer.alloc(0);
const noXattrs: TarEntry['xattrs'] = new Map();

/** Warnings and attributes of a walk. */
export interface WalkOptions {
  /** Called for entries that an archive cannot hold. */
  readonly onSkip: (message: string) => void;
  readonly readAttributes: ReadAttributes;
}

/**
 * Walk `config.json` and `rootfs/`; other files in the directory are not part of a plugin.
 * @throws {CommandError} if an entry cannot be read
 */
export function* walkContext(directory: string, options: WalkOptions): Generator<ContextEntry> {
  /** First name of each hard-linked file, by device and inode. */
  const links = new Map<string, Buffer>();
  for (const name of ['config.json', 'rootfs']) {
    // If one of the two is a symbolic link, its target is archived.
    const named = join(directory, name);
    const source = attempt(named, () => realpathSync.native(named, 'buffer'));
    yield* walk({ name: Buffer.from(name), source, depth: 0, links, options });
  }
}

/** One step of the walk. */
interface Step {
  /** Name in the archive. */
  readonly name: Buffer;
  /** Path on the host. */
  readonly source: Buffer;
  readonly depth: number;
  readonly links: Map<string, Buffer>;
  readonly options: WalkOptions;
}

function* walk(step: Step): Generator<ContextEntry> {
  const { source, depth, options } = step;
  const entry = attempt(source, () => readEntry(step));
  if (entry === undefined) {
    options.onSkip(`left out "${source}": a socket cannot be archived`);
    return;
  }
  yield { entry, source };
  if (entry.type !== 'directory') return;
  if (depth >= maxDepth)
    throw new CommandError(`"${source}" is nested more than ${maxDepth} directories deep`);
  const children = attempt(source, () => readdirSync(source, { encoding: 'buffer' }));
  for (const child of children.sort(Buffer.compare)) {
    yield* walk({
      ...step,
      name: Buffer.concat([step.name, slash, child]),
      source: Buffer.concat([source, slash, child]),
      depth: depth + 1,
    });
  }
}

/** @returns undefined for sockets */
function readEntry({ name, source, links, options }: Step): TarEntry | undefined {
  const stats = lstatSync(source);
  const common = {
    name,
    linkName: noLink,
    mode: stats.mode & 0o7777,
    uid: stats.uid,
    gid: stats.gid,
    size: 0,
    modifiedAt: Math.floor(stats.mtimeMs / 1000),
    deviceMajor: 0,
    deviceMinor: 0,
    xattrs: noXattrs,
  };
  if (stats.isDirectory()) return { ...common, type: 'directory' };
  const first = stats.nlink > 1 ? firstLink(source, name, links) : undefined;
  if (first !== undefined) return { ...common, type: 'hard-link', linkName: first };
  if (stats.isFile())
    return { ...common, type: 'file', size: stats.size, xattrs: options.readAttributes(source) };
  if (stats.isSymbolicLink())
    return { ...common, type: 'symlink', linkName: readlinkSync(source, { encoding: 'buffer' }) };
  if (stats.isFIFO()) return { ...common, type: 'fifo' };
  if (stats.isSocket()) return undefined;
  return { ...common, ...deviceOf(stats) };
}

/** The first name of a hard-linked file; undefined for the first. Inode numbers may exceed a double, hence bigint. */
function firstLink(source: Buffer, name: Buffer, links: Map<string, Buffer>): Buffer | undefined {
  const { dev, ino } = lstatSync(source, { bigint: true });
  const key = `${dev}:${ino}`;
  const first = links.get(key);
  if (first === undefined) links.set(key, name);
  return first;
}

/** @see glibc sys/sysmacros.h, gnu_dev_major and gnu_dev_minor, for numbers below 2^32 */
function deviceOf(stats: Stats): Pick<TarEntry, 'type' | 'deviceMajor' | 'deviceMinor'> {
  return {
    type: stats.isBlockDevice() ? 'block-device' : 'character-device',
    deviceMajor: (stats.rdev >>> 8) & 0xfff,
    deviceMinor: (stats.rdev & 0xff) | ((stats.rdev >>> 12) & 0xfff00),
  };
}

function attempt<T>(source: string | Buffer, action: () => T): T {
  try {
    return action();
  } catch (error) {
    throw new CommandError(`cannot archive "${source}": ${messageOf(error)}`, { cause: error });
  }
}
