/**
 * The connections for the calls to one plugin. After a call that was given up, undici opens a connection that sends nothing until it
 * is idle for too long, and a plugin that serves one connection after the other hangs on it. So the pool of such a call is left,
 * and closed when its other calls have ended.
 */
import type { Pool } from 'undici';

/** Pools, of which one is in use. */
export class CallPool {
  readonly #open: () => Pool;
  #current: Pool;
  readonly #left = new Set<Pool>();

  constructor(open: () => Pool) {
    this.#open = open;
    this.#current = open();
  }

  /** The pool for a new call. */
  get current(): Pool {
    return this.#current;
  }

  /** Leave the pool of a call that was given up. */
  leave(pool: Pool): void {
    if (pool !== this.#current) return;
    this.#current = this.#open();
    this.#left.add(pool);
    const forget = (): void => {
      this.#left.delete(pool);
    };
    // It is closed by `destroy` as well, which fails this.
    pool.close().then(forget, forget);
  }

  /** Close all connections; calls under way fail. */
  async destroy(): Promise<void> {
    await Promise.all([this.#current, ...this.#left].map((pool) => pool.destroy()));
  }
}
