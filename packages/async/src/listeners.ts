/**
 * Notifying several listeners of one event.
 */

/** A set of functions that are called together. */
export interface Listeners<Arguments extends readonly unknown[]> {
  /** The number of listeners. */
  readonly size: number;
  /** Add one; the same function added twice is called twice. @returns removes it; harmless when called again */
  add(listener: (...args: Arguments) => void): () => void;
  /**
   * Call all listeners, in the order in which they were added. Those that are added meanwhile are not called, those that
   * are removed meanwhile are not called any more. Never throws.
   */
  notify(...args: Arguments): void;
}

/**
 * Start with no listener.
 * @param report receives the error of a listener: what it was notified of has happened, so that its error must neither
 *   reach the one who notifies nor keep the others from being notified
 */
export function createListeners<Arguments extends readonly unknown[]>(
  report: (error: unknown, ...args: Arguments) => void,
): Listeners<Arguments> {
  /** One entry for each call of `add`. */
  const entries = new Set<{ readonly listener: (...args: Arguments) => void }>();
  return {
    get size() {
      return entries.size;
    },
    add(listener) {
      const entry = { listener };
      entries.add(entry);
      return () => void entries.delete(entry);
    },
    notify(...args) {
      for (const entry of [...entries]) {
        if (!entries.has(entry)) continue;
        try {
          entry.listener(...args);
        } catch (error) {
          report(error, ...args);
        }
      }
    },
  };
}
