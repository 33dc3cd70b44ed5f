/**
 * A reader that follows a log: entries wait for it in memory, up to a bound.
 */
import { EventEmitter, once } from 'node:events';
import type { LogEntry } from '@outboard/sdk';

/** Entries that a reader may be behind. */
const maxBacklog = 10_000;

/** Entries between a log and one reader. */
export class LogFollower {
  readonly #changes = new EventEmitter();
  readonly #waiting: LogEntry[] = [];
  #state: 'open' | 'ended' | 'left behind' = 'open';

  /** Give an entry to the reader. */
  add(entry: LogEntry): void {
    if (this.#state !== 'open') return;
    this.#waiting.push(entry);
    if (this.#waiting.length > maxBacklog) this.#state = 'left behind';
    this.#changes.emit('change');
  }

  /** The log is closed: no entry follows. */
  end(): void {
    if (this.#state === 'open') this.#state = 'ended';
    this.#changes.emit('change');
  }

  /** Entries until the log is closed or the signal is aborted. @throws {Error} for a reader that is too slow */
  async *entries(signal: AbortSignal): AsyncGenerator<LogEntry> {
    while (!signal.aborted) {
      const entry = this.#waiting.shift();
      if (entry !== undefined) yield entry;
      else if (this.#state === 'ended') return;
      else if (this.#state === 'left behind') throw new Error(`the reader is ${maxBacklog} entries behind`);
      // Rejects with the abort, which ends the loop.
      else await once(this.#changes, 'change', { signal }).catch(() => undefined);
    }
  }
}
