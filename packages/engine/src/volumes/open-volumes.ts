/**
 * Opens the volumes of an engine: records on disk, drivers, and references to plugins.
 */

import { isOutboardError } from '@outboard/oci';
import type { Logger } from 'pino';
import type { PluginDrivers } from '../drivers/plugin-drivers.ts';
import type { Announcement } from '../observe/engine-events.ts';
import type { PluginReferences } from '../references/plugin-references.ts';
import type { PluginStore } from '../store/plugin-store.ts';
import { createVolumes } from './create-volumes.ts';
import { VolumeStore } from './volume-store.ts';
import type { Volumes } from './volumes.ts';

/** Parts of the volumes of an engine. */
export interface OpenVolumesDeps {
  readonly store: Pick<PluginStore, 'find' | 'get'>;
  readonly drivers: Pick<PluginDrivers, 'find' | 'all'>;
  readonly references: Pick<PluginReferences, 'of' | 'add' | 'remove' | 'addSource'>;
  readonly announce: (announcement: Announcement) => void;
  readonly logger: Logger;
  /** Directory of the records, such as `DATA_ROOT/volumes`. */
  readonly directory: string;
}

/** Load the records. No driver is called. */
export async function openVolumes(deps: OpenVolumesDeps): Promise<Volumes> {
  const { store: plugins, drivers, references, announce, logger } = deps;
  const volumes = createVolumes({
    store: await VolumeStore.open(deps.directory, logger),
    drivers,
    references,
    pluginIdOf: (driver) => pluginIdOf(plugins, driver),
    announce,
    logger,
  });
  references.addSource((pluginId) => {
    const plugin = plugins.get(pluginId);
    return plugin === undefined ? [] : volumes.referencesOf(plugin.name);
  });
  return volumes;
}

function pluginIdOf(plugins: Pick<PluginStore, 'find'>, driver: string): string | undefined {
  try {
    const { id, name } = plugins.find(driver);
    // The name of a legacy plugin may equal an ID prefix.
    return name === driver ? id : undefined;
  } catch (error) {
    if (isOutboardError(error)) return undefined;
    throw error;
  }
}
