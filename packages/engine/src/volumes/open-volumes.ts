/**
 * Opens the volumes of an engine: records on disk, drivers, and references to plugins.
 */

import { uptime } from 'node:os';
import type { Logger } from 'pino';
import type { PluginDrivers } from '../drivers/plugin-drivers.ts';
import type { MountLedger } from '../mounts/mount-ledger.ts';
import type { FindUsers } from '../mounts/mount-uses.ts';
import type { Announcement } from '../observe/engine-events.ts';
import type { PluginReferences } from '../references/plugin-references.ts';
import type { PluginStore } from '../store/plugin-store.ts';
import { createVolumes, type OpenVolumes } from './create-volumes.ts';
import { VolumeStore } from './volume-store.ts';

/** Parts of the volumes of an engine. */
export interface OpenVolumesDeps {
  readonly store: Pick<PluginStore, 'all' | 'get'>;
  readonly drivers: Pick<PluginDrivers, 'find' | 'all'>;
  readonly references: Pick<PluginReferences, 'of' | 'remove' | 'addSource'>;
  readonly mounts: MountLedger;
  readonly findUsers: FindUsers;
  readonly announce: (announcement: Announcement) => void;
  readonly logger: Logger;
  /** Directory of the records, such as `DATA_ROOT/volumes`. */
  readonly directory: string;
}

/** Load the records. No driver is called. */
export async function openVolumes(deps: OpenVolumesDeps): Promise<OpenVolumes> {
  const { store: plugins, drivers, references, mounts, announce, logger } = deps;
  await adoptStoredMounts(deps);
  const volumes = createVolumes({
    store: await VolumeStore.open(deps.directory, logger),
    drivers,
    mounts,
    findUsers: deps.findUsers,
    announce,
    logger,
  });
  references.addSource(
    (pluginId) => {
      const plugin = plugins.get(pluginId);
      return plugin === undefined ? [] : volumes.referencesOf(plugin.name);
    },
    async (pluginId) => {
      const plugin = plugins.get(pluginId);
      if (plugin !== undefined) await volumes.lookAtUses(plugin.name);
    },
  );
  return volumes;
}

/** Earlier versions kept mounts as stored references, in `uses.json`. Those of an earlier boot are gone. */
async function adoptStoredMounts({ store, references, mounts, logger }: OpenVolumesDeps): Promise<void> {
  const bootedAt = Date.now() - uptime() * 1000;
  for (const { id: pluginId, name: driver } of store.all()) {
    for (const { kind, holder, since } of references.of(pluginId)) {
      const slash = holder.lastIndexOf('/');
      if (kind !== 'mount' || slash < 1) continue;
      const [volume, id] = [holder.slice(0, slash), holder.slice(slash + 1)];
      try {
        if (since.getTime() >= bootedAt) await mounts.adopt({ driver, volume, id, since });
        await references.remove(pluginId, { kind, holder });
      } catch (error) {
        // The next start tries again.
        logger.error(
          { err: error, plugin: driver, holder },
          'cannot take over a mount of an earlier version',
        );
      }
    }
  }
}
