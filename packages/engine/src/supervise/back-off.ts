/**
 * Back-off: the pause before a failed plugin is restarted grows with each failure in a row.
 */

/** Bounds of the back-off. */
export interface BackOff {
  /** Pause before the first restart, in milliseconds; default 1,000. */
  readonly initialMs: number;
  /** Upper bound, in milliseconds; default 60,000. */
  readonly maxMs: number;
  /** Running time after which the next failure counts as the first again, in milliseconds; default 60,000. */
  readonly healthyMs: number;
}

/** One second, doubled up to a minute; a minute of health resets it. */
export const defaultBackOff: BackOff = { initialMs: 1_000, maxMs: 60_000, healthyMs: 60_000 };

/**
 * The pause after the n-th failure in a row: doubled each time up to the bound, less up to a quarter at random, so that
 * plugins that failed together do not start together.
 *
 * @param failures from 1
 * @param random from 0 to below 1
 * @returns milliseconds
 */
export function backOffMs(failures: number, random: number, backOff: BackOff): number {
  // 2 ** 1024 is Infinity, which the bound replaces like any other number.
  const full = Math.min(backOff.maxMs, backOff.initialMs * 2 ** (failures - 1));
  return Math.round(full * (1 - random / 4));
}
