/**
 * Long computations in short turns of the event loop: a turn keeps every other request, and every timer, waiting.
 */
import { setImmediate } from 'node:timers/promises';

/** Short enough for several pieces of work at once, and long enough that the changes between turns cost nothing. */
const longestMs = 5;

/** Let all other work run that is due, between two computations of several milliseconds. */
export function nextTurn(): Promise<void> {
  return setImmediate();
}

/** Counts the time that work takes of its turn. Several workers may share one. */
export interface TurnPacer {
  /**
   * Called between steps of a computation.
   * @returns a promise to await when the turn has lasted long enough; undefined before
   */
  pause(): Promise<void> | undefined;
}

/** Begin to count, in the turn in which the work begins. */
export function createTurnPacer(): TurnPacer {
  let beganAt = performance.now();
  let pending: Promise<void> | undefined;
  return {
    pause() {
      if (pending === undefined && performance.now() - beganAt < longestMs) return undefined;
      pending ??= nextTurn().then(() => {
        beganAt = performance.now();
        pending = undefined;
      });
      return pending;
    },
  };
}

/**
 * As `Array.map`, in as many turns as it takes.
 * @param items must not change meanwhile
 * @throws the first error of the work
 */
export async function mapInTurns<Item, Result>(
  items: Iterable<Item>,
  work: (item: Item, index: number) => Result,
): Promise<readonly Result[]> {
  const pacer = createTurnPacer();
  const results: Result[] = [];
  for (const item of items) {
    results.push(work(item, results.length));
    const pause = pacer.pause();
    if (pause !== undefined) await pause;
  }
  return results;
}
