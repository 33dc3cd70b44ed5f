/**
 * Makes lines of records: joins the pieces of a line per stream, since stdout and stderr interleave.
 */
import type { LogRecord, OutputStream } from './log-record.ts';

/** What a plugin wrote up to a line end. */
export interface LogLine {
  readonly stream: OutputStream;
  /** When its first byte was read from the plugin, in nanoseconds since the epoch. */
  readonly timeNano: bigint;
  /** Without the line end; not necessarily UTF-8. Valid until the next lines are asked for. */
  readonly content: Buffer;
  /** Whether the line has ended; false for what a plugin wrote last, without a line end. */
  readonly isComplete: boolean;
  /**
   * Only of a line that the plugin did not write: about how many bytes of its log were removed before they were read. The
   * content says so in words.
   */
  readonly skippedBytes?: number | undefined;
}

/** Longer lines are broken into several, in bytes. */
export const maxLineBytes = 1024 * 1024;

interface UnfinishedLine {
  readonly timeNano: bigint;
  readonly pieces: Buffer[];
  bytes: number;
}

export class LineJoiner {
  readonly #unfinished = new Map<OutputStream, UnfinishedLine>();

  /** @returns the line that this record ends, if it ends one; a line of more than 1 MiB is ended there */
  push(record: LogRecord): LogLine | undefined {
    const { stream, timeNano, content, endsLine } = record;
    const unfinished = this.#unfinished.get(stream);
    if (endsLine && unfinished === undefined) return { stream, timeNano, content, isComplete: true };
    const line = unfinished ?? { timeNano, pieces: [], bytes: 0 };
    this.#unfinished.set(stream, line);
    if (content.length > 0) {
      // A copy: the view would keep all of the bytes around it.
      line.pieces.push(Buffer.from(content));
      line.bytes += content.length;
    }
    return endsLine || line.bytes >= maxLineBytes ? this.#end(stream, line, true) : undefined;
  }

  /** The lines that have not ended, the older one first; afterwards there are none. */
  flush(): readonly LogLine[] {
    const lines = [...this.#unfinished].map(([stream, line]) => this.#end(stream, line, false));
    return lines.filter(({ content }) => content.length > 0);
  }

  #end(stream: OutputStream, line: UnfinishedLine, isComplete: boolean): LogLine {
    this.#unfinished.delete(stream);
    return { stream, timeNano: line.timeNano, content: Buffer.concat(line.pieces, line.bytes), isComplete };
  }
}
