/**
 * Limits on the time that stops of one plugin may take.
 */
import type { Clock } from '@outboard/async';

/**
 * How long stops of one plugin may take to SIGKILL. Whoever cannot wait for as long as the plugin was given cuts them
 * short, also the one that is under way.
 */
export class StopLimits {
  readonly #limits = new Set<{ readonly graceMs: number }>();
  readonly #clock: Pick<Clock, 'monotonicMs' | 'schedule'>;
  #current:
    | { readonly startedAtMs: number; readonly end: AbortController; cancelTimer: () => void }
    | undefined;

  constructor(clock: Pick<Clock, 'monotonicMs' | 'schedule'>) {
    this.#clock = clock;
  }

  /** Until it is disposed of, a stop takes that long at most, counted from its begin. */
  limit(graceMs: number): Disposable {
    const limit = { graceMs };
    this.#limits.add(limit);
    this.#apply();
    return { [Symbol.dispose]: () => void this.#limits.delete(limit) };
  }

  /** One stop, of which the signal tells that its time is over. */
  async during(stop: (graceEnd: AbortSignal) => Promise<void>): Promise<void> {
    const end = new AbortController();
    this.#current = { startedAtMs: this.#clock.monotonicMs(), end, cancelTimer: () => {} };
    this.#apply();
    try {
      await stop(end.signal);
    } finally {
      this.#current.cancelTimer();
      this.#current = undefined;
    }
  }

  #apply(): void {
    const current = this.#current;
    if (current === undefined || this.#limits.size === 0) return;
    const graceMs = Math.min(...[...this.#limits].map((limit) => limit.graceMs));
    const leftMs = Math.max(graceMs - (this.#clock.monotonicMs() - current.startedAtMs), 0);
    current.cancelTimer();
    current.cancelTimer = this.#clock.schedule(leftMs, () => current.end.abort());
  }
}
