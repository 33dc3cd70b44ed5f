/**
 * Joins the fragments of lines. The sources of a container are independent; the fragments of one source follow each other.
 */
import type { LogEntry } from './log-driver.ts';

/** Upper bound of a joined line in bytes; a longer one is given out in pieces. */
const maxLineBytes = 1024 * 1024;
/** Containers have two sources; more come from a broken writer only. */
const maxSources = 16;

/** Fragments of one line so far. */
interface OpenLine {
  readonly first: LogEntry;
  readonly parts: Uint8Array[];
  bytes: number;
}

/** Joins the entries of one log. */
export class LineJoiner {
  readonly #open = new Map<string, OpenLine>();

  /** Take an entry. @returns entries that are complete with it, mostly one */
  add(entry: LogEntry): readonly LogEntry[] {
    const { source, isPartial = false, position } = entry;
    const before = this.#open.get(source);
    const goesOn = before !== undefined && before.first.position?.id === position?.id;
    const given = before !== undefined && !goesOn ? [this.#close(source, before, true)] : [];
    if (!isPartial && !goesOn) return [...given, entry];
    if (!goesOn && this.#open.size >= maxSources) return [...given, entry];
    const line = goesOn ? before : { first: entry, parts: [], bytes: 0 };
    line.parts.push(entry.line);
    line.bytes += entry.line.length;
    this.#open.set(source, line);
    const isComplete = !isPartial || position?.isLast === true;
    if (isComplete) return [...given, this.#close(source, line, false)];
    if (line.bytes >= maxLineBytes) return [...given, this.#close(source, line, true)];
    return given;
  }

  /** Give out what is not complete: the container ended in the middle of a line. */
  flush(): readonly LogEntry[] {
    return [...this.#open].map(([source, line]) => this.#close(source, line, true));
  }

  #close(source: string, { first, parts }: OpenLine, isPartial: boolean): LogEntry {
    this.#open.delete(source);
    return { source, timeNano: first.timeNano, line: Buffer.concat(parts), isPartial };
  }
}
