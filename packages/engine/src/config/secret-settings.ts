/**
 * Rules for secret settings, and plugins without the values of those. The operator's word counts most, then the
 * author's, then the patterns of names. Pure.
 */
import { OutboardError } from '@outboard/oci';
import type { Plugin, PluginConfig, PluginSettings } from './plugin-config.ts';

/** Shown in place of a secret. */
export const hiddenValue = '***';

/**
 * Patterns of names whose values are secret unless the operator declared otherwise. `*` stands for any text, and the case
 * of letters does not count.
 */
export const defaultSecretPatterns: readonly string[] = [
  '*PASSWORD*',
  '*PASSWD*',
  '*PASSPHRASE*',
  'PASS',
  '*_PASS',
  '*SECRET*',
  '*TOKEN*',
  '*CREDENTIAL*',
  '*_KEY',
  '*ACCESSKEY*',
  '*APIKEY*',
  '*PRIVATEKEY*',
];

/** Names of settings that an operator declares secret, or not secret. */
export interface SecretDeclarations {
  readonly secret?: readonly string[] | undefined;
  readonly notSecret?: readonly string[] | undefined;
}

/**
 * Note declarations in settings; the last one about a name counts.
 * @throws {OutboardError} invalid for a name that the config has neither as a variable nor as its arguments
 */
export function declareSecrets(
  config: PluginConfig,
  settings: PluginSettings,
  { secret = [], notSecret = [] }: SecretDeclarations,
): PluginSettings {
  const declared = [...secret, ...notSecret];
  if (declared.length === 0) return settings;
  const known = new Set([...(config.env ?? []).map(({ name }) => name), config.args.name]);
  for (const name of declared) {
    if (name !== '' && known.has(name)) continue;
    throw new OutboardError(
      'invalid',
      `setting ${JSON.stringify(name)} not found in the plugin configuration: want the name of a variable or of the arguments`,
    );
  }
  const others = (names: readonly string[] = []) => names.filter((name) => !declared.includes(name));
  const hidden = new Set(secret);
  const shown = new Set(notSecret.filter((name) => !hidden.has(name)));
  return withoutEmpty({
    ...settings,
    secret: [...others(settings.secret), ...hidden],
    notSecret: [...others(settings.notSecret), ...shown],
  });
}

function withoutEmpty({ secret = [], notSecret = [], ...settings }: PluginSettings): PluginSettings {
  return {
    ...settings,
    ...(secret.length > 0 && { secret }),
    ...(notSecret.length > 0 && { notSecret }),
  };
}

/** True when the value of a setting is shown to nobody who did not ask for it. @param patterns of names */
export function isSecretSetting(
  { config, settings }: Pick<Plugin, 'config' | 'settings'>,
  name: string,
  patterns: readonly string[] = defaultSecretPatterns,
): boolean {
  if (settings.secret?.includes(name) === true) return true;
  if (settings.notSecret?.includes(name) === true) return false;
  if (config.env?.some((env) => env.name === name && env.secret === true) === true) return true;
  return patterns.some((pattern) => matches(name, pattern));
}

/**
 * A plugin with `***` in place of the values of secret settings. Sources of values are shown, and so are the defaults of
 * the config, which everyone who can fetch the plugin knows.
 */
export function hideSecrets<Shown extends Pick<Plugin, 'config' | 'settings'>>(
  plugin: Shown,
  patterns: readonly string[] = defaultSecretPatterns,
): Shown {
  const { config, settings } = plugin;
  const sourced = new Set(settings.sourced);
  const known = new Set((config.env ?? []).map(({ name, value }) => `${name}=${value ?? ''}`));
  const env = settings.env.map((entry) => {
    const name = entry.slice(0, entry.indexOf('='));
    const isShown = sourced.has(name) || known.has(entry) || !isSecretSetting(plugin, name, patterns);
    return isShown ? entry : `${name}=${hiddenValue}`;
  });
  const isKnown = JSON.stringify(settings.args) === JSON.stringify(config.args.value ?? []);
  const hidesArgs = !isKnown && isSecretSetting(plugin, config.args.name, patterns);
  return { ...plugin, settings: { ...settings, env, args: hidesArgs ? [hiddenValue] : settings.args } };
}

/** Linear in the length of the name, unlike a regular expression with several `*`. */
function matches(name: string, pattern: string): boolean {
  const [first = '', ...parts] = pattern.toUpperCase().split('*');
  let rest = name.toUpperCase();
  if (!rest.startsWith(first)) return false;
  const last = parts.pop();
  if (last === undefined) return rest === first;
  rest = rest.slice(first.length);
  for (const part of parts) {
    const index = rest.indexOf(part);
    if (index < 0) return false;
    rest = rest.slice(index + part.length);
  }
  return rest.endsWith(last);
}
