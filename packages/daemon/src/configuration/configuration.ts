/**
 * The configuration of the daemon as values: one value for each row of the table of settings.
 */
import type { Setting } from './setting-rows.ts';
import { type ReloadableKey, type SettingKey, type SettingValue, settingKeys, settings } from './settings.ts';

/** All settings by the keys of the configuration file; what each means is in `settings.ts`. */
export type Configuration = { readonly [Key in SettingKey]: SettingValue<Key> };

/** The settings of one source (the command line, the file). */
export type PartialConfiguration = { readonly [Key in SettingKey]?: SettingValue<Key> | undefined };

/** The settings that can change while the daemon runs. */
export type ReloadableConfiguration = Pick<Configuration, ReloadableKey>;

/** Read when the command line names no file; this one may be missing. */
export const defaultConfigurationFile = '/etc/outboard/daemon.json';

/** Complete the settings of all sources with defaults. `tlsverify` implies `tls`. */
export function withDefaults(given: PartialConfiguration): Configuration {
  const execRoot = given['exec-root'] ?? String(settings['exec-root'].default);
  const values = settingKeys.map((key) => [key, given[key] ?? defaultOf(settings[key], execRoot)] as const);
  // One entry for each key of the table, from that key's row.
  const configuration = Object.fromEntries(values) as Configuration;
  return { ...configuration, tls: configuration.tls || configuration.tlsverify };
}

function defaultOf(row: Setting<unknown>, execRoot: string): unknown {
  return typeof row.default === 'function' ? row.default(execRoot) : row.default;
}
