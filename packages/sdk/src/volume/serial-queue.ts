/**
 * Work on one key runs one piece after another, on different keys in parallel.
 */

/** A queue per key. Keys without work take no memory. */
export class SerialQueue {
  readonly #tails = new Map<string, Promise<unknown>>();

  /** Run `work` once all earlier work of the key has ended, well or not. */
  run<T>(key: string, work: () => Promise<T>): Promise<T> {
    const earlier = this.#tails.get(key) ?? Promise.resolve();
    const result = earlier.then(work);
    // The caller sees a failure through `result`; the next in the queue only waits for the end.
    const tail: Promise<unknown> = result
      .catch(() => undefined)
      .then(() => {
        if (this.#tails.get(key) === tail) this.#tails.delete(key);
      });
    this.#tails.set(key, tail);
    return result;
  }

  /** Resolves when nothing is queued any more. */
  async idle(): Promise<void> {
    while (this.#tails.size > 0) await Promise.all(this.#tails.values());
  }
}
