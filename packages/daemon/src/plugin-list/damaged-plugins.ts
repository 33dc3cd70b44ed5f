/**
 * Damaged plugins in lists, also in those of Docker's routes, so that a client finds every plugin.
 */
import {
  type DamagedPluginStatus,
  type Plugin,
  type PluginFilters,
  parsePluginConfig,
} from '@outboard/engine';

const shortIdLength = 12;

/** The name of a damaged plugin; if it is unknown, the short ID, which clients can use as well. */
export function damagedName({ id, name }: DamagedPluginStatus): string {
  return name ?? id.slice(0, shortIdLength);
}

/** A damaged plugin in Docker's form: the description has the reason, and `enabled` means that it runs. */
export function toDamagedPlugin(damaged: DamagedPluginStatus): Plugin {
  const description = `DAMAGED, to be repaired or removed: ${damaged.reason}`;
  return {
    id: damaged.id,
    name: damagedName(damaged),
    enabled: damaged.isRunning,
    config: parsePluginConfig(Buffer.from(JSON.stringify({ description }))).config,
    settings: { mounts: [], devices: [], env: [], args: [] },
  };
}

/** Apply filters. The capabilities of a damaged plugin are unknown, so that no filter of capabilities matches. */
export function filterDamaged(
  damaged: readonly DamagedPluginStatus[],
  { enabled, capabilities = [] }: PluginFilters,
): readonly DamagedPluginStatus[] {
  if (capabilities.length > 0) return [];
  return damaged.filter(({ isRunning }) => enabled === undefined || isRunning === enabled);
}
