/**
 * The entries of a plugin's folder, in the order of an archive: parents first, names sorted.
 * Synchronous calls: each takes microseconds, where one through the thread pool takes a hundred, and root file systems
 * have tens of thousands of files. The caller waits for the network after every megabyte, which lets others run.
 */
import { lstatSync, readdirSync, readlinkSync, realpathSync, type Stats } from 'node:fs';
import { join } from 'node:path';
import { CommandError, messageOf } from '../command-error.ts';
import type { TarEntry } from './tar-header.ts';

/** An entry, and where its content is. */
export interface ContextEntry {
  readonly entry: TarEntry;
  /** Path on the host. */
  readonly source: string;
}

/** Deeper than any real tree; every path stays below the system's limit of 4096 bytes anyway. */
const maxDepth = 1024;

/**
 * Walk `config.json` and `rootfs/`, and nothing else: no other file of the folder is part of a plugin.
 * @param onSkip called for what an archive cannot hold
 * @throws {CommandError} if something cannot be read, or its name is not UTF-8
 */
export function* walkContext(directory: string, onSkip: (message: string) => void): Generator<ContextEntry> {
  /** Device and inode to the first path of a file with several. */
  const links = new Map<string, string>();
  for (const name of ['config.json', 'rootfs']) {
    // Where one of the two is a link, what it points to is meant.
    const named = join(directory, name);
    const source = attempt(named, () => realpathSync(named));
    yield* walk({ path: name, source, depth: 0, links, onSkip });
  }
}

interface Place {
  readonly path: string;
  readonly source: string;
  readonly depth: number;
  readonly links: Map<string, string>;
  readonly onSkip: (message: string) => void;
}

function* walk(place: Place): Generator<ContextEntry> {
  const { path, source, depth, links, onSkip } = place;
  const found = attempt(source, () => readEntry(path, source, links));
  if (found === undefined) {
    onSkip(`left out "${source}": a socket cannot be archived`);
    return;
  }
  yield { entry: found, source };
  if (found.type !== 'directory') return;
  if (depth >= maxDepth) throw new CommandError(`"${source}" is nested more than ${maxDepth} folders deep`);
  for (const name of attempt(source, () => listNames(source))) {
    yield* walk({ ...place, path: `${path}/${name}`, source: join(source, name), depth: depth + 1 });
  }
}

/** @returns undefined for sockets */
function readEntry(path: string, source: string, links: Map<string, string>): TarEntry | undefined {
  const stats = lstatSync(source);
  const common = {
    path,
    mode: stats.mode & 0o7777,
    uid: stats.uid,
    gid: stats.gid,
    size: 0,
    modifiedAtSeconds: Math.floor(stats.mtimeMs / 1000),
  };
  if (stats.isDirectory()) return { ...common, type: 'directory' };
  const first = stats.nlink > 1 ? firstLink(source, path, links) : undefined;
  if (first !== undefined) return { ...common, type: 'link', target: first };
  if (stats.isFile()) return { ...common, type: 'file', size: stats.size };
  if (stats.isSymbolicLink())
    return { ...common, type: 'symlink', target: decode(readlinkSync(source, 'buffer')) };
  if (stats.isFIFO()) return { ...common, type: 'fifo' };
  if (stats.isSocket()) return undefined;
  return { ...common, ...deviceOf(stats) };
}

/** Inode numbers may be larger than a double holds, so they are asked for again. */
function firstLink(source: string, path: string, links: Map<string, string>): string | undefined {
  const { dev, ino } = lstatSync(source, { bigint: true });
  const key = `${dev}:${ino}`;
  const first = links.get(key);
  if (first === undefined) links.set(key, path);
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

function listNames(folder: string): readonly string[] {
  return readdirSync(folder, { encoding: 'buffer' }).map(decode).sort();
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function decode(bytes: Buffer): string {
  try {
    return utf8.decode(bytes);
  } catch (error) {
    throw new CommandError(`the name "${bytes.toString('latin1')}" is not UTF-8`, { cause: error });
  }
}

function attempt<T>(source: string, step: () => T): T {
  try {
    return step();
  } catch (error) {
    throw new CommandError(`cannot archive "${source}": ${messageOf(error)}`, { cause: error });
  }
}
