/**
 * The last entries of a log, for drivers that keep it in one sequence.
 */
import type { LogEntry } from './log-driver.ts';

/**
 * The last entries of a sequence, which is read to its end.
 *
 * @param tail number of entries, which are kept in memory; undefined for all, which are passed on as they come
 */
export async function* lastEntries(
  entries: AsyncIterable<LogEntry>,
  tail: number | undefined,
): AsyncGenerator<LogEntry, void, undefined> {
  if (tail === undefined) {
    yield* entries;
    return;
  }
  const last: LogEntry[] = [];
  for await (const entry of entries) {
    last.push(entry);
    // Not for each entry: it moves all that are kept.
    if (last.length >= 2 * tail + 64) last.splice(0, last.length - tail);
  }
  yield* tail === 0 ? [] : last.slice(-tail);
}
