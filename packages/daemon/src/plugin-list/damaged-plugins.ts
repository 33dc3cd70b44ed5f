/**
 * Damaged plugins among the others: in Docker's lists too, so that whoever looks for a plugin finds it.
 */
import {
  type DamagedPluginStatus,
  type Plugin,
  type PluginFilters,
  parsePluginConfig,
} from '@outboard/engine';

const shortIdLength = 12;

/** Its name, or the beginning of its ID, by which every client can name it too. */
export function damagedName({ id, name }: DamagedPluginStatus): string {
  return name ?? id.slice(0, shortIdLength);
}

/** What Docker's clients show of it: its description says what is wrong, and enabled is what runs. */
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

/** Those that pass filters: what they serve is not known. */
export function filterDamaged(
  damaged: readonly DamagedPluginStatus[],
  { enabled, capabilities = [] }: PluginFilters,
): readonly DamagedPluginStatus[] {
  if (capabilities.length > 0) return [];
  return damaged.filter(({ isRunning }) => enabled === undefined || isRunning === enabled);
}
