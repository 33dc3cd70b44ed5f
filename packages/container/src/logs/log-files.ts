/**
 * The files of one plugin's log.
 *
 *     log       what conmon writes to; at its size limit conmon renames a new, empty file over it
 *     log.tmp   the empty file that conmon will rename
 *     log.<n>   a hard link to each of the last ones, the newest of which is `log` itself
 *
 * The link keeps a file when conmon replaces it, without this process having to be in time for that. Without anyone who
 * links, no more than one further file comes into being: the disk is bounded while no daemon runs, too.
 */
import type { BigIntStats } from 'node:fs';
import { link, open, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { isErrno } from '../linux/errno.ts';
import type { LogLimits } from './log-limits.ts';

/** A place in a log. */
export interface LogPosition {
  /** Number of the file. */
  readonly file: number;
  /** In bytes. */
  readonly offset: number;
}

/** One file of a log. */
export interface LogFile {
  readonly number: number;
  readonly path: string;
  readonly inode: bigint;
  /** In bytes, when it was looked at. */
  readonly size: number;
}

/** The file that conmon writes to. */
export function currentLogPath(directory: string): string {
  return join(directory, 'log');
}

/**
 * All files, oldest first. One that conmon has begun and nobody has linked yet is the last, with the number that it will
 * get.
 * @returns none when there is no log
 */
export async function listLogFiles(directory: string): Promise<readonly LogFile[]> {
  const files: LogFile[] = [];
  for (const name of await listNames(directory)) {
    const number = /^log\.([1-9]\d{0,14})$/.exec(name)?.[1];
    if (number !== undefined) await addFile(files, Number(number), join(directory, name));
  }
  files.sort((a, b) => a.number - b.number);
  const last = files.at(-1);
  const current: LogFile[] = [];
  await addFile(current, (last?.number ?? 0) + 1, currentLogPath(directory));
  return current[0] === undefined || current[0].inode === last?.inode ? files : [...files, ...current];
}

/** Where the log ends now. */
export function endOfLog(files: readonly LogFile[]): LogPosition {
  const last = files.at(-1);
  return last === undefined ? { file: 1, offset: 0 } : { file: last.number, offset: last.size };
}

/** Which of two positions comes first: negative, 0 or positive. */
export function comparePositions(a: LogPosition, b: LogPosition): number {
  return a.file - b.file || a.offset - b.offset;
}

/**
 * Link what conmon has begun, and remove what is too much. One call at a time per log.
 * @returns the files that are left, all linked
 */
export async function settleLogFiles(directory: string, limits: LogLimits): Promise<readonly LogFile[]> {
  const files = [...(await listLogFiles(directory))];
  const newest = files.at(-1);
  if (newest !== undefined && newest.path === currentLogPath(directory)) {
    const path = join(directory, `log.${newest.number}`);
    // Should conmon have replaced it since, then this links the newer one: as good as having come a moment later.
    await link(newest.path, path);
    files.splice(-1, 1, { ...newest, path });
  }
  let bytes = files.reduce((sum, { size }) => sum + size, 0);
  while (files.length > 1 && (files.length > limits.maxFiles || bytes > limits.maxTotalBytes)) {
    const [oldest] = files.splice(0, 1);
    if (oldest === undefined) break;
    await rm(oldest.path, { force: true });
    bytes -= oldest.size;
  }
  return files;
}

/**
 * Have the file ready that conmon begins next. conmon makes it itself if it is missing, and ends if it cannot, as on a disk
 * without inodes: with the plugin.
 */
export async function keepNextFile(directory: string): Promise<void> {
  // Never truncated here: conmon may be about to rename it.
  await (await open(join(directory, 'log.tmp'), 'a', 0o600)).close();
}

async function listNames(directory: string): Promise<readonly string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) return [];
    throw error;
  }
}

async function addFile(files: LogFile[], number: number, path: string): Promise<void> {
  let found: BigIntStats;
  try {
    found = await stat(path, { bigint: true });
  } catch (error) {
    // Removed since the directory was read.
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) return;
    throw error;
  }
  if (found.isFile()) files.push({ number, path, inode: found.ino, size: Number(found.size) });
}
