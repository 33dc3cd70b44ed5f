/**
 * The flags and settings of the daemon, for the manual that scripts/manual-pages.mjs writes.
 */
import type { Option } from 'commander';
import { createDaemonCommand } from './configuration/parse-flags.ts';
import type { Setting } from './configuration/setting-rows.ts';
import { settingKeys, settings } from './configuration/settings.ts';

/** One key of the configuration file. */
export interface DescribedSetting {
  readonly key: string;
  readonly help: string;
  /** The value without it, as text; absent where that goes without saying. */
  readonly defaultText?: string | undefined;
  /** True if a reload changes it. */
  readonly isReloadable: boolean;
}

/** Describe all flags and settings, in the order of the help. */
export function describeDaemon(): {
  readonly options: readonly Option[];
  readonly settings: readonly DescribedSetting[];
} {
  return {
    options: createDaemonCommand().options,
    settings: settingKeys.map((key) => describeSetting(key, settings[key])),
  };
}

function describeSetting(key: string, row: Setting<unknown>): DescribedSetting {
  const { help, default: value, defaultText, reloadable } = row;
  const isShown = (typeof value === 'string' && value !== '') || typeof value === 'number';
  return {
    key,
    help,
    defaultText: defaultText ?? (isShown ? String(value) : undefined),
    isReloadable: reloadable === true,
  };
}
