/**
 * Runs the tasks of each key one after another, and those of different keys in parallel.
 */

/** A queue for each key. Keys without tasks use no memory. */
export class SerialQueue {
  readonly #tails = new Map<string, Promise<unknown>>();

  /** Run a task once all earlier tasks of the key have ended, also if they failed. */
  run<T>(key: string, task: () => Promise<T>): Promise<T> {
    const earlier = this.#tails.get(key) ?? Promise.resolve();
    const result = earlier.then(task);
    // The caller gets a failure through `result`; the next task only waits for the end.
    const tail: Promise<unknown> = result
      .catch(() => undefined)
      .then(() => {
        if (this.#tails.get(key) === tail) this.#tails.delete(key);
      });
    this.#tails.set(key, tail);
    return result;
  }

  /** Resolves when all queues are empty. */
  async idle(): Promise<void> {
    while (this.#tails.size > 0) await Promise.all(this.#tails.values());
  }
}
