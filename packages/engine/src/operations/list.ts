/**
 * List: all plugins, or those that pass filters.
 */
import type { PluginRecord } from '../config/plugin-config.ts';
import type { PluginFilters } from '../plugin-engine-contract.ts';
import type { EngineContext } from './engine-context.ts';

/**
 * List plugins by name. A capability filter passes plugins of which one type matches; Docker demands that every type
 * does, which hides a plugin that serves two capabilities from a search for either. Without filters the array is the
 * same for as long as no plugin changes.
 */
export function listPlugins(
  context: Pick<EngineContext, 'store'>,
  filters: PluginFilters = {},
): readonly PluginRecord[] {
  const all = context.store.all();
  const isEveryone = filters.enabled === undefined && (filters.capabilities ?? []).length === 0;
  return isEveryone ? all : all.filter((record) => matches(record, filters));
}

function matches(record: PluginRecord, { enabled, capabilities = [] }: PluginFilters): boolean {
  if (enabled !== undefined && record.enabled !== enabled) return false;
  if (capabilities.length === 0) return true;
  const types = record.config.interface.types ?? [];
  return types.some(({ capability }) => capabilities.some((wanted) => wanted.test(capability)));
}
