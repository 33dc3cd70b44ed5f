/**
 * Reads the log that conmon keeps of a container's output, in the form of the Kubernetes CRI:
 * `2026-01-31T10:00:00.000000000+00:00 stdout F text`, where `P` marks a piece of a line that goes on.
 */
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { isErrno } from './errno.ts';

/** How much of the end of a log is looked at, and how much of it is returned, in bytes. */
export const maxLogTailBytes = 64 * 1024;

/**
 * The last lines of a log, oldest first; none when there is no log.
 *
 * @param path the log file, written by conmon alone
 * @param lines how many at most; together at most 64 KiB
 */
export async function readLogTail(path: string, lines: number): Promise<readonly string[]> {
  if (lines < 1) return [];
  const tail = await readEnd(path);
  const complete = parseLogLines(tail.text, { startsInsideLine: tail.isCut });
  return complete.slice(-lines);
}

/**
 * The lines in a piece of a log. Pieces of one line are joined per stream, since stdout and stderr interleave.
 *
 * @param options.startsInsideLine whether the first record may be cut and is left out
 */
export function parseLogLines(
  text: string,
  options: { readonly startsInsideLine: boolean } = { startsInsideLine: false },
): readonly string[] {
  const records = text.split('\n');
  if (options.startsInsideLine) records.shift();
  const lines: string[] = [];
  const unfinished = new Map<string, string>();
  for (const record of records) {
    const fields = /^\S+ (stdout|stderr) ([FP]) ?(.*)$/s.exec(record);
    if (fields === null) continue;
    const [, stream = '', tag, content = ''] = fields;
    const line = (unfinished.get(stream) ?? '') + content;
    if (tag === 'P') {
      unfinished.set(stream, line);
    } else {
      unfinished.delete(stream);
      lines.push(line);
    }
  }
  // A line that was never ended is still what the program said last.
  for (const line of unfinished.values()) if (line !== '') lines.push(line);
  return lines;
}

async function readEnd(path: string): Promise<{ readonly text: string; readonly isCut: boolean }> {
  let file: Awaited<ReturnType<typeof open>>;
  try {
    file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return { text: '', isCut: false };
    throw error;
  }
  try {
    const { size } = await file.stat();
    const start = Math.max(0, size - maxLogTailBytes);
    const buffer = Buffer.alloc(Math.min(size, maxLogTailBytes));
    const { bytesRead } = await file.read(buffer, 0, buffer.length, start);
    return { text: buffer.toString('utf8', 0, bytesRead), isCut: start > 0 };
  } finally {
    await file.close();
  }
}
