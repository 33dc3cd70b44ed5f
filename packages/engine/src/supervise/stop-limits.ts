/**
 * How long stops of one plugin may take to SIGKILL. Whoever cannot wait for as long as the plugin was given cuts them
 * short, also the one that is under way.
 */
export class StopLimits {
  readonly #limits = new Set<{ readonly graceMs: number }>();
  readonly #now: () => number;
  #current: { readonly startedAt: number; readonly end: AbortController; timer?: NodeJS.Timeout } | undefined;

  /** @param now milliseconds of a clock that never goes back */
  constructor(now: () => number) {
    this.#now = now;
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
    this.#current = { startedAt: this.#now(), end };
    this.#apply();
    try {
      await stop(end.signal);
    } finally {
      clearTimeout(this.#current.timer);
      this.#current = undefined;
    }
  }

  #apply(): void {
    const current = this.#current;
    if (current === undefined || this.#limits.size === 0) return;
    const graceMs = Math.min(...[...this.#limits].map((limit) => limit.graceMs));
    const leftMs = Math.max(graceMs - (this.#now() - current.startedAt), 0);
    clearTimeout(current.timer);
    current.timer = setTimeout(() => current.end.abort(), leftMs);
  }
}
