/**
 * Limits on the grace of one plugin's stops, which shorten also a stop that is under way.
 */
import type { Clock } from '@outboard/async';

/** A stop that is under way. */
interface CurrentStop {
  readonly startedAtMs: number;
  readonly graceEnd: AbortController;
  cancelTimer: () => void;
}

/** The limits on stops of one plugin; the smallest one counts. */
export class StopLimits {
  readonly #limits = new Set<{ readonly graceMs: number }>();
  readonly #clock: Pick<Clock, 'monotonicMs' | 'schedule'>;
  #current: CurrentStop | undefined;

  constructor(clock: Pick<Clock, 'monotonicMs' | 'schedule'>) {
    this.#clock = clock;
  }

  /** Bound the grace, counted from the start of the stop, until the result is disposed. */
  limit(graceMs: number): Disposable {
    const limit = { graceMs };
    this.#limits.add(limit);
    this.#apply();
    return { [Symbol.dispose]: () => void this.#limits.delete(limit) };
  }

  /** Run one stop. @param stop receives a signal that is aborted when a limit is reached */
  async during(stop: (graceEnd: AbortSignal) => Promise<void>): Promise<void> {
    const graceEnd = new AbortController();
    const current = { startedAtMs: this.#clock.monotonicMs(), graceEnd, cancelTimer: () => {} };
    this.#current = current;
    this.#apply();
    try {
      await stop(graceEnd.signal);
    } finally {
      current.cancelTimer();
      this.#current = undefined;
    }
  }

  #apply(): void {
    const current = this.#current;
    if (current === undefined || this.#limits.size === 0) return;
    const graceMs = Math.min(...[...this.#limits].map((limit) => limit.graceMs));
    const leftMs = Math.max(graceMs - (this.#clock.monotonicMs() - current.startedAtMs), 0);
    current.cancelTimer();
    current.cancelTimer = this.#clock.schedule(leftMs, () => current.graceEnd.abort());
  }
}
