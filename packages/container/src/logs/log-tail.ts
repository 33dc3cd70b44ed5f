/**
 * Reads the last lines of a log as text, for error reports.
 */
import { isOutboardError } from '@outboard/oci';
import { findTail } from './find-tail.ts';
import { LogCursor } from './log-cursor.ts';
import { endOfLog, type LogPosition, listLogFiles } from './log-files.ts';

/** Size of the end of a log that is searched, in bytes. */
export const maxLogTailBytes = 64 * 1024;

const bothStreams = new Set(['stdout', 'stderr'] as const);

/**
 * Read the last lines of a log, oldest first; none when there is no log.
 *
 * @param directory of the log's files
 * @param lines maximum number of lines; together at most 64 KiB
 * @param start beginning of the run whose lines are wanted; default all runs
 */
export async function readLogTail(
  directory: string,
  lines: number,
  start?: LogPosition,
): Promise<readonly string[]> {
  if (lines < 1) return [];
  const files = await listLogFiles(directory);
  const tail = await findTail(files, {
    lines,
    streams: bothStreams,
    maxBytes: maxLogTailBytes,
    floor: start,
  });
  const cursor = new LogCursor({ directory, ...tail, end: endOfLog(files) });
  const found: string[] = [];
  try {
    for (let isAtEnd = false; !isAtEnd; ) {
      const read = await cursor.read();
      found.push(...read.lines.map(({ content }) => content.toString()));
      isAtEnd = read.isAtEnd;
    }
  } catch (error) {
    // The log is written faster than it is read: return the lines found so far.
    if (!isOutboardError(error, 'unavailable')) throw error;
  } finally {
    await cursor.release();
  }
  // An unfinished line is output too, and the last one.
  found.push(...cursor.unfinishedLines().map(({ content }) => content.toString()));
  return found.slice(-lines);
}
