/**
 * New calls for one reader, which may be slow: the lines that wait for it are bounded.
 */
import { joinSignals, longestTimerMs, resolveOnAbort, withResolvers } from '@outboard/async';
import type { LogLine } from '@outboard/engine';

/** Lines that wait for a reader. */
const maxWaitingLines = 10_000;

/** Collects lines until its reader takes them. */
export class CallFollower {
  #waiting: LogLine[] = [];
  #skippedLines = 0;
  #changed = withResolvers<void>();

  /** Add a line. The reader is told of those that find no room. */
  add(line: LogLine): void {
    if (this.#waiting.length >= maxWaitingLines) this.#skippedLines += 1;
    else this.#waiting.push(line);
    this.#changed.resolve();
  }

  /**
   * Take the lines that wait; when there are none, wait for the next one.
   * @param waitMs bound of the wait, in milliseconds; Infinity for none
   * @returns empty when the time is over
   * @throws the reason of the signal
   */
  async take(waitMs: number, signal: AbortSignal): Promise<readonly LogLine[]> {
    if (this.#waiting.length === 0 && waitMs > 0) {
      using wait = joinSignals([signal], { timeoutMs: Math.min(waitMs, longestTimerMs) });
      await resolveOnAbort(this.#changed.promise, wait.signal);
    }
    signal.throwIfAborted();
    this.#changed = withResolvers();
    const taken = this.#waiting;
    this.#waiting = [];
    if (this.#skippedLines === 0) return taken;
    const note = skippedNote(this.#skippedLines, taken.at(-1)?.timeNano ?? 0n);
    this.#skippedLines = 0;
    return [...taken, note];
  }
}

/** On stderr, as the notes of `readLog`. */
function skippedNote(lines: number, timeNano: bigint): LogLine {
  const reason = 'they come faster than they are read';
  return {
    stream: 'stderr',
    timeNano,
    content: Buffer.from(`outboard: ${lines} calls skipped: ${reason}`),
    isComplete: true,
  };
}
