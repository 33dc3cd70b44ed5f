/**
 * Inspect: one plugin, found by what a user typed.
 */
import type { PluginRecord } from '../config/plugin-config.ts';
import type { EngineContext } from './engine-context.ts';

/**
 * @param plugin name in any familiar form, full ID, or unique ID prefix
 * @throws {OutboardError} not-found; invalid when a prefix is ambiguous
 */
export function inspectPlugin(context: Pick<EngineContext, 'store'>, plugin: string): PluginRecord {
  return context.store.find(plugin);
}
