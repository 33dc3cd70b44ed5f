/**
 * How long to wait before a plugin is started again: longer after each failure, and never in step with other plugins.
 */

export interface BackOff {
  /** Before the first restart, in milliseconds; default 1,000. */
  readonly initialMs: number;
  /** Bound, in milliseconds; default 60,000. */
  readonly maxMs: number;
  /** After running this long the next failure counts as the first again, in milliseconds; default 60,000. */
  readonly healthyMs: number;
}

export const defaultBackOff: BackOff = { initialMs: 1_000, maxMs: 60_000, healthyMs: 60_000 };

/**
 * The pause after the n-th failure in a row: doubled each time up to the bound, of which up to a quarter is taken off
 * at random, so that plugins that failed together do not start together.
 *
 * @param failures from 1
 * @param random from 0 to below 1
 * @returns milliseconds
 */
export function backOffMs(failures: number, random: number, backOff: BackOff): number {
  // 2 ** 1024 is Infinity, of which the bound is taken as of any other number.
  const full = Math.min(backOff.maxMs, backOff.initialMs * 2 ** (failures - 1));
  return Math.round(full * (1 - random / 4));
}
