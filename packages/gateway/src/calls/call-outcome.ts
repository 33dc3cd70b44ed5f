/**
 * The ends that a call can have.
 */

/** The end of a call. */
export const callOutcomes = [
  /** The plugin answered without an error. */
  'success',
  /** The plugin answered with an error, or broke its connection. */
  'failure',
  /** The gateway answered in place of the plugin: it was not ready, too busy, too slow or kept failing. */
  'refused',
  /** The caller left before the answer. */
  'cancelled',
] as const;

/** See `callOutcomes`. */
export type CallOutcome = (typeof callOutcomes)[number];
