/**
 * The files of the log of one container.
 *
 *     log       written by conmon; at its size limit conmon renames a new, empty file over it
 *     log.tmp   the empty file that conmon will rename
 *     log.<n>   hard links to the last files, the newest of which is `log` itself
 *
 * A link keeps a file when conmon replaces it, even if this process is late. Without a process that links, at most
 * one more file is created, so the disk usage is bounded while no daemon runs, too.
 */
import type { BigIntStats } from 'node:fs';
import { link, open, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { isErrno } from '../linux/errno.ts';
import type { LogLimits } from './log-limits.ts';

/** A position in a log. */
export interface LogPosition {
  /** Number of the file. */
  readonly file: number;
  /** Offset in bytes. */
  readonly offset: number;
}

/** One file of a log. */
export interface LogFile {
  readonly number: number;
  readonly path: string;
  readonly inode: bigint;
  /** Size in bytes when it was listed. */
  readonly size: number;
}

/** Path of the file that conmon writes to. */
export function currentLogPath(directory: string): string {
  return join(directory, 'log');
}

/**
 * List all files, oldest first. A file that conmon has created and nobody has linked yet is the last, with the number
 * that it will get.
 * @returns an empty list when there is no log
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

/** Current end of a log. */
export function endOfLog(files: readonly LogFile[]): LogPosition {
  const last = files.at(-1);
  return last === undefined ? { file: 1, offset: 0 } : { file: last.number, offset: last.size };
}

/** Compare two positions: negative, 0 or positive, as for `sort()`. */
export function comparePositions(a: LogPosition, b: LogPosition): number {
  return a.file - b.file || a.offset - b.offset;
}

/**
 * Link a file that conmon has created, and remove the oldest files beyond the limits. One call at a time per log.
 * @returns the remaining files, all linked
 */
export async function settleLogFiles(directory: string, limits: LogLimits): Promise<readonly LogFile[]> {
  const files = [...(await listLogFiles(directory))];
  const newest = files.at(-1);
  if (newest !== undefined && newest.path === currentLogPath(directory)) {
    const path = join(directory, `log.${newest.number}`);
    // If conmon has replaced it since, this links the newer file, which is right too.
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
 * Create the file that conmon renames next. conmon creates it itself when it is missing, and exits when it cannot, as
 * on a disk without free inodes, which ends the container.
 */
export async function keepNextFile(directory: string): Promise<void> {
  // Opened for appending, never truncated: conmon may be about to rename it.
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
    // Removed after the directory was read.
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) return;
    throw error;
  }
  if (found.isFile()) files.push({ number, path, inode: found.ino, size: Number(found.size) });
}
