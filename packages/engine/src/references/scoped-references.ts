/**
 * References whose changes are aborted and awaited by the end of the engine.
 */
import type { OperationScope } from '@outboard/async';
import type { PluginReferences } from './plugin-references.ts';

/** The same references, refused once the scope is closed. */
export function scopedReferences(references: PluginReferences, scope: OperationScope): PluginReferences {
  return {
    of: (pluginId) => references.of(pluginId),
    add: (pluginId, reference) => scope.run(() => references.add(pluginId, reference)),
    remove: (pluginId, reference) => scope.run(() => references.remove(pluginId, reference)),
    addSource: (source, refresh) => references.addSource(source, refresh),
    refresh: (pluginId) => references.refresh(pluginId),
  };
}
