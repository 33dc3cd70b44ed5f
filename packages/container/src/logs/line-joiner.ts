/**
 * Joins records to lines, per stream, since the records of stdout and stderr interleave.
 */
import type { LogRecord, OutputStream } from './log-record.ts';

/** A line of output. */
export interface LogLine {
  readonly stream: OutputStream;
  /** Time at which conmon read its first byte, in nanoseconds since the epoch. */
  readonly timeNano: bigint;
  /** Without the line end; not necessarily UTF-8. Valid until the next lines are read. */
  readonly content: Buffer;
  /** False for an unfinished line at the end of the log. */
  readonly isComplete: boolean;
  /**
   * Set on a line that Outboard inserts in place of output that was removed before it was read: approximate number of
   * bytes. The content says so in words.
   */
  readonly skippedBytes?: number | undefined;
}

/** Maximum length of a line in bytes; longer lines are split. */
export const maxLineBytes = 1024 * 1024;

interface UnfinishedLine {
  readonly timeNano: bigint;
  readonly pieces: Buffer[];
  bytes: number;
}

/** Joins the records of one log, in order. */
export class LineJoiner {
  readonly #unfinished = new Map<OutputStream, UnfinishedLine>();

  /** Add a record. @returns the line that it completes, if any; a line is ended at 1 MiB */
  push(record: LogRecord): LogLine | undefined {
    const { stream, timeNano, content, endsLine } = record;
    const unfinished = this.#unfinished.get(stream);
    if (endsLine && unfinished === undefined) return { stream, timeNano, content, isComplete: true };
    const line = unfinished ?? { timeNano, pieces: [], bytes: 0 };
    this.#unfinished.set(stream, line);
    if (content.length > 0) {
      // A copy: the view would keep the whole buffer in memory.
      line.pieces.push(Buffer.from(content));
      line.bytes += content.length;
    }
    return endsLine || line.bytes >= maxLineBytes ? this.#end(stream, line, true) : undefined;
  }

  /** Return and forget the unfinished lines, the older one first. */
  flush(): readonly LogLine[] {
    const lines = [...this.#unfinished].map(([stream, line]) => this.#end(stream, line, false));
    return lines.filter(({ content }) => content.length > 0);
  }

  #end(stream: OutputStream, line: UnfinishedLine, isComplete: boolean): LogLine {
    this.#unfinished.delete(stream);
    return { stream, timeNano: line.timeNano, content: Buffer.concat(line.pieces, line.bytes), isComplete };
  }
}
