/**
 * Puts another configuration in force while the daemon runs.
 */
import type { Logger } from 'pino';
import type { Configuration } from './configuration.ts';

/**
 * Readies one part of the daemon for another configuration; it may fail, and changes nothing yet.
 * @returns puts what was readied in force; it must not fail
 */
export type PrepareReload = (next: Configuration) => Promise<() => void>;

/** A part that can change while the daemon runs, and the keys that it takes. */
export interface ReloadablePart {
  readonly keys: readonly (keyof Configuration)[];
  readonly prepare: PrepareReload;
}

/**
 * Ready all parts, then put them in force together: the configuration applies as a whole or not at all. Keys that no
 * part takes are left as they are, and logged if they changed.
 * @throws {Error} the first part that could not be readied
 */
export async function reloadParts(
  parts: readonly ReloadablePart[],
  before: Configuration,
  next: Configuration,
  logger: Logger,
): Promise<void> {
  const ready = await Promise.all(parts.map(({ prepare }) => prepare(next)));
  for (const putInForce of ready) putInForce();
  const taken = new Set(parts.flatMap(({ keys }) => keys));
  const waiting = changedKeys(before, next).filter((key) => !taken.has(key));
  if (waiting.length > 0) logger.warn({ keys: waiting }, 'changed settings wait for a restart');
}

/** The keys whose values differ. */
export function changedKeys(before: Configuration, next: Configuration): readonly (keyof Configuration)[] {
  const keys = Object.keys(next) as (keyof Configuration)[]; // a configuration has no keys but its own
  return keys.filter((key) => JSON.stringify(before[key]) !== JSON.stringify(next[key]));
}
