/**
 * List: all plugins, or those that pass filters.
 */
import type { PluginRecord } from '../../config/plugin-config.ts';
import type { EngineContext } from '../engine-context.ts';

/** Filters of lists; a plugin must pass all that are given. */
export interface PluginFilters {
  readonly enabled?: boolean | undefined;
  /** Regular expressions on the bare capability; a plugin passes when one of its types matches one of them. */
  readonly capabilities?: readonly RegExp[] | undefined;
}

/**
 * List plugins by name. A capability filter passes plugins of which one type matches; Docker demands that every type
 * does, which hides a plugin of two capabilities from a search for either. Without filters the array is the same object
 * until a plugin changes.
 */
export function listPlugins(
  { store }: Pick<EngineContext, 'store'>,
  filters: PluginFilters = {},
): readonly PluginRecord[] {
  const all = store.all();
  const isUnfiltered = filters.enabled === undefined && (filters.capabilities ?? []).length === 0;
  return isUnfiltered ? all : all.filter((record) => matches(record, filters));
}

function matches({ enabled, config }: PluginRecord, filters: PluginFilters): boolean {
  if (filters.enabled !== undefined && enabled !== filters.enabled) return false;
  const { capabilities = [] } = filters;
  if (capabilities.length === 0) return true;
  const types = config.interface.types ?? [];
  return types.some(({ capability }) => capabilities.some((wanted) => wanted.test(capability)));
}
