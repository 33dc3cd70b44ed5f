/**
 * Reads a log for a client: its tail, a period of time, one stream, and new lines as they are written.
 */
import { existsSync } from 'node:fs';
import { joinSignals, longestTimerMs, resolveOnAbort, withResolvers } from '@outboard/async';
import { isOutboardError } from '@outboard/oci';
import { findTail, type Tail } from './find-tail.ts';
import type { LogLine } from './line-joiner.ts';
import { LogCursor, type ReadLines } from './log-cursor.ts';
import { endOfLog, listLogFiles } from './log-files.ts';
import type { OutputStream } from './log-record.ts';
import { watchDirectory } from './watch-directory.ts';

/** Selection of lines of a log. */
export interface LogQuery {
  /** Streams; default both. */
  readonly streams?: readonly OutputStream[] | undefined;
  /** Number of last lines, counted before other filters; default all. */
  readonly tail?: number | undefined;
  /** Lines from this time on, in nanoseconds since the epoch. */
  readonly sinceNano?: bigint | undefined;
  /** Lines up to this time, in nanoseconds since the epoch. */
  readonly untilNano?: bigint | undefined;
  /** Continue with new lines, across restarts of the container, until `untilNano` or the removal of the log. */
  readonly follow?: boolean | undefined;
}

const bothStreams: readonly OutputStream[] = ['stdout', 'stderr'];
/** Time for the caller to take the next lines before the file is closed. */
const idleMs = 1_000;

/**
 * Read a log. A reader that is slower than the container gets a line with the number of bytes that it missed, and
 * continues after them.
 * @throws the reason of the signal
 */
export async function* readLog(
  directory: string,
  query: LogQuery,
  signal: AbortSignal,
): AsyncGenerator<readonly LogLine[], void> {
  const streams = new Set(query.streams ?? bothStreams);
  const files = await listLogFiles(directory);
  const cursor = new LogCursor({
    directory,
    ...(await findStart(files, query, streams)),
    end: query.follow === true ? undefined : endOfLog(files),
  });
  const { sinceNano, untilNano } = query;
  const isWanted = ({ stream, timeNano, skippedBytes }: LogLine): boolean =>
    skippedBytes !== undefined ||
    (streams.has(stream) &&
      (sinceNano === undefined || timeNano >= sinceNano) &&
      (untilNano === undefined || timeNano <= untilNano));
  const changes = query.follow === true ? listenForChanges(directory, untilNano) : undefined;
  try {
    for (;;) {
      signal.throwIfAborted();
      const { lines, isAtEnd } = await readOn(cursor, directory);
      const wanted = lines.filter(isWanted);
      if (wanted.length > 0) {
        const idle = setTimeout(release, idleMs, cursor);
        try {
          yield wanted;
        } finally {
          clearTimeout(idle);
        }
      }
      if (!isAtEnd && !isPast(lines, untilNano)) continue;
      if (changes === undefined || changes.isTimeUp() || !existsSync(directory)) break;
      await changes.next(signal);
    }
    const unfinished = cursor.unfinishedLines().filter(isWanted);
    if (unfinished.length > 0) yield unfinished;
  } finally {
    changes?.stop();
    await cursor.release();
  }
}

/** A failure to close is ignored: the next read reports the fault. */
function release(cursor: LogCursor): void {
  cursor.release().catch(() => undefined);
}

/** The removal of the directory ends the log; it is no error. */
async function readOn(cursor: LogCursor, directory: string): Promise<ReadLines> {
  try {
    return await cursor.read();
  } catch (error) {
    if (!existsSync(directory)) return { lines: [], isAtEnd: true };
    if (!isOutboardError(error) || error.code !== 'log-removed') throw error;
    const skippedBytes = await cursor.skipRemoved();
    if (skippedBytes === undefined) return { lines: [], isAtEnd: true };
    return { lines: [skippedNote(skippedBytes)], isAtEnd: false };
  }
}

/** On stderr, whatever streams are selected. */
function skippedNote(skippedBytes: number): LogLine {
  const reason = 'the container writes faster than its log is read';
  return {
    stream: 'stderr',
    timeNano: BigInt(Date.now()) * 1_000_000n,
    content: Buffer.from(`outboard: about ${skippedBytes} bytes skipped: ${reason}`),
    isComplete: true,
    skippedBytes,
  };
}

/** True when a container that writes without pause has passed the end of the period. */
function isPast(lines: readonly LogLine[], untilNano: bigint | undefined): boolean {
  const last = lines.findLast(({ skippedBytes }) => skippedBytes === undefined);
  return untilNano !== undefined && last !== undefined && last.timeNano > untilNano;
}

async function findStart(
  files: Awaited<ReturnType<typeof listLogFiles>>,
  { tail }: LogQuery,
  streams: ReadonlySet<OutputStream>,
): Promise<Tail> {
  if (tail !== undefined) return findTail(files, { lines: tail, streams });
  const start = { file: files[0]?.number ?? 1, offset: 0 };
  return { start, after: start };
}

/** Changes of a log; those during a pause of the caller count as one. */
interface Changes {
  /** True after the end of the period. */
  isTimeUp(): boolean;
  /** Wait for a change, or for the end of the period. Keeps this process alive. @throws the reason of the signal */
  next(signal: AbortSignal): Promise<void>;
  stop(): void;
}

function listenForChanges(directory: string, untilNano: bigint | undefined): Changes {
  let changed = withResolvers<void>();
  const unlisten = watchDirectory(directory, () => changed.resolve());
  const isTimeUp = (): boolean => untilNano !== undefined && BigInt(Date.now()) * 1_000_000n > untilNano;
  return {
    isTimeUp,
    async next(signal) {
      using wait = joinSignals([signal], { timeoutMs: waitMs(untilNano) });
      await resolveOnAbort(changed.promise, wait.signal);
      changed = withResolvers();
      signal.throwIfAborted();
    },
    stop: unlisten,
  };
}

function waitMs(untilNano: bigint | undefined): number {
  if (untilNano === undefined) return longestTimerMs;
  const ms = Number((untilNano - BigInt(Date.now()) * 1_000_000n) / 1_000_000n) + 1;
  return Math.min(Math.max(ms, 1), longestTimerMs);
}
