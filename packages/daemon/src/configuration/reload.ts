/**
 * Puts another configuration in force while the daemon runs.
 */
import type { Logger } from 'pino';
import type { Configuration, ReloadableConfiguration } from './configuration.ts';
import type { Setting } from './setting-rows.ts';
import { type SettingKey, settingKeys, settings } from './settings.ts';

/** A part of the daemon that can change while it runs. */
export interface ReloadablePart {
  /**
   * Prepare another configuration. It may fail, and changes nothing yet.
   * @returns puts the prepared configuration in force; must not fail
   */
  prepare(next: ReloadableConfiguration): Promise<() => void>;
}

/**
 * Prepare all parts, then put them in force together: the configuration applies as a whole or not at all. Changes of
 * settings that are not reloadable are logged.
 * @throws {Error} of the first part that could not be prepared
 */
export async function reloadParts(
  parts: readonly ReloadablePart[],
  configurations: { readonly before: Configuration; readonly next: Configuration },
  logger: Logger,
): Promise<void> {
  const { before, next } = configurations;
  const prepared = await Promise.all(parts.map((part) => part.prepare(next)));
  for (const putInForce of prepared) putInForce();
  const waiting = changedKeys(before, next).filter((key) => !isReloadable(settings[key]));
  if (waiting.length > 0) logger.warn({ keys: waiting }, 'changed settings wait for a restart');
}

function isReloadable(row: Setting<unknown>): boolean {
  return row.reloadable === true;
}

/** The keys whose values differ. */
export function changedKeys(before: Configuration, next: Configuration): readonly SettingKey[] {
  return settingKeys.filter((key) => JSON.stringify(before[key]) !== JSON.stringify(next[key]));
}
