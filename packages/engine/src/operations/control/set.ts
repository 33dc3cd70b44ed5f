/**
 * Set: change a plugin's settings, all of them or none.
 */
import { nextTurn } from '@outboard/async';
import { OutboardError } from '@outboard/oci';
import type { PluginConfig, PluginSettings } from '../../config/plugin-config.ts';
import { declareSecrets, type SecretDeclarations } from '../../config/secret-settings.ts';
import { type ApplyOptions, applySettings } from '../../config/settings.ts';
import type { EngineContext } from '../engine-context.ts';

/** Options of `set`. */
export interface SetOptions extends ApplyOptions, SecretDeclarations {}

/**
 * Change settings of a disabled plugin. Its config is never changed.
 * @param args each `<name>[.<field>][=<value>]`; none is allowed with declarations, which an enabled plugin takes too
 * @throws {OutboardError} not-found; conflict when the plugin is enabled; invalid when one of the args is refused
 */
export async function setPlugin(
  context: Pick<EngineContext, 'store' | 'queue'>,
  plugin: string,
  args: readonly string[],
  options: SetOptions = {},
): Promise<void> {
  const { id } = context.store.find(plugin);
  await context.queue.run(id, async () => {
    const record = context.store.find(id);
    const isDeclaration = args.length === 0 && (options.secret ?? options.notSecret) !== undefined;
    if (record.enabled && !isDeclaration) {
      throw new OutboardError('conflict', 'cannot set on an active plugin, disable plugin before setting');
    }
    const settings = changeSettings(record.config, record.settings, args, options);
    await nextTurn();
    await context.store.save({ ...record, settings });
  });
}

function changeSettings(
  config: PluginConfig,
  settings: PluginSettings,
  args: readonly string[],
  options: SetOptions,
): PluginSettings {
  return declareSecrets(config, applySettings(config, settings, args, options), options);
}
