/**
 * The last lines of a log as text, for whoever has to tell why a plugin failed.
 */
import { isOutboardError } from '@outboard/oci';
import { findTail } from './find-tail.ts';
import { LogCursor } from './log-cursor.ts';
import { endOfLog, type LogPosition, listLogFiles } from './log-files.ts';

/** How much of the end of a log is looked at, in bytes. */
export const maxLogTailBytes = 64 * 1024;

const bothStreams = new Set(['stdout', 'stderr'] as const);

/**
 * The last lines of a log, oldest first; none when there is no log.
 *
 * @param directory of the log's files
 * @param lines how many at most; together at most 64 KiB
 * @param start where the run begins whose lines are wanted; default all runs
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
    // A plugin that floods its log: what was found of it is what can be told.
    if (!isOutboardError(error, 'unavailable')) throw error;
  } finally {
    await cursor.release();
  }
  // A line that was never ended is still what the program said last.
  found.push(...cursor.unfinishedLines().map(({ content }) => content.toString()));
  return found.slice(-lines);
}
