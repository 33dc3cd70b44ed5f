/**
 * The levels of the daemon's log.
 */

/** Level names of the log, lowest first; those of pino without `fatal`. */
export const logLevels = ['trace', 'debug', 'info', 'warn', 'error'] as const;
/** The lowest level that is written. */
export type LogLevel = (typeof logLevels)[number];
