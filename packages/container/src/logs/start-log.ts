/**
 * Prepares a log for another run of its container.
 */
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { makeDirectories } from '@outboard/oci';
import { isErrno } from '../linux/errno.ts';
import { currentLogPath, endOfLog, type LogPosition, settleLogFiles } from './log-files.ts';
import type { LogLimits } from './log-limits.ts';
import { type OutputStream, readHeader } from './log-record.ts';

/** Destination of the output of a container. */
export interface LogDestination {
  /** Existing directory with the file `log`. */
  readonly directory: string;
  /** Bytes after which conmon starts a new file, again and again. */
  readonly maxFileBytes: number;
  /** Position at which the output of this run begins. */
  readonly start: LogPosition;
}

const lineEnd = 0x0a;

/** Size of the end of a log that is searched for unfinished lines, in bytes; more than conmon reads at once. */
const endBytes = 64 * 1024;

/**
 * Make the directory, keep the output of earlier runs, and end their unfinished lines. Short runs share a file, so
 * that a container that crashes repeatedly does not push out older output.
 * @throws {Error} of the file system
 */
export async function startLog(directory: string, limits: LogLimits): Promise<LogDestination> {
  await makeDirectories(directory, { mode: 0o700 });
  return continueLog(directory, limits);
}

/** As `startLog()`, in a directory that exists. */
export async function continueLog(directory: string, limits: LogLimits): Promise<LogDestination> {
  const path = currentLogPath(directory);
  const files = await settleLogFiles(directory, limits);
  const end = endOfLog(files);
  const size = end.offset === 0 ? 0 : await endUnfinishedLines(path, end.offset);
  // conmon counts only bytes that it writes itself.
  if (files.length > 0 && size <= limits.maxFileBytes / 2) {
    return { directory, maxFileBytes: limits.maxFileBytes - size, start: { file: end.file, offset: size } };
  }
  await beginFile(directory, path);
  const start = { file: endOfLog(await settleLogFiles(directory, limits)).file, offset: 0 };
  return { directory, maxFileBytes: limits.maxFileBytes, start };
}

async function beginFile(directory: string, path: string): Promise<void> {
  const temporary = join(directory, 'log.new');
  await rm(temporary, { force: true });
  await (await open(temporary, 'wx', 0o600)).close();
  await rename(temporary, path);
}

/**
 * End the lines that a killed program left unfinished: the next run does not continue them.
 * @returns the size of the file afterwards
 */
async function endUnfinishedLines(path: string, size: number): Promise<number> {
  const file = await open(path, 'r+');
  try {
    const missing = Buffer.from(missingEnd(await readEnd(file, size)));
    await file.write(missing, 0, missing.length, size);
    return size + missing.length;
  } catch (error) {
    // Not an error: logging continues when there is space again, and only this line may look joined to another.
    if (isErrno(error, 'ENOSPC', 'EDQUOT')) return size;
    throw error;
  } finally {
    await file.close();
  }
}

async function readEnd(file: FileHandle, size: number): Promise<Buffer> {
  const start = Math.max(0, size - endBytes);
  const buffer = Buffer.alloc(size - start);
  const { bytesRead } = await file.read(buffer, 0, buffer.length, start);
  return buffer.subarray(0, bytesRead);
}

/** Compute the bytes that end all unfinished lines of a log. @param end last bytes of the log */
export function missingEnd(end: Buffer): string {
  const unfinished = new Map<OutputStream, string>();
  // A full disk truncates a record.
  const isCut = end.length > 0 && end.at(-1) !== lineEnd;
  for (let start = 0; start < end.length; ) {
    const next = end.indexOf(lineEnd, start);
    const recordEnd = next < 0 ? end.length : next;
    const header = readHeader(end, start, recordEnd);
    if (header?.endsLine === true) unfinished.delete(header.stream);
    else if (header !== undefined) {
      unfinished.set(header.stream, end.toString('latin1', start, header.timestampEnd));
    }
    start = recordEnd + 1;
  }
  const ends = [...unfinished].map(([stream, timestamp]) => `${timestamp} ${stream} F \n`);
  return `${isCut ? '\n' : ''}${ends.join('')}`;
}
