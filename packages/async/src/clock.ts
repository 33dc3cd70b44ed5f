/**
 * Time and chance, so that tests can choose them.
 */

export interface Chance {
  readonly now: () => Date;
  /** Milliseconds that never go backwards, for measuring how long something lasted. */
  readonly monotonicMs: () => number;
  /** From 0 to below 1. */
  readonly random: () => number;
}

export const realChance: Chance = {
  now: () => new Date(),
  monotonicMs: () => performance.now(),
  random: Math.random,
};
