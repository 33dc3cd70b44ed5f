/**
 * Volumes of an engine: their records on disk, its drivers, and what they say about who uses a plugin.
 */

import type { OperationScope } from '@outboard/async';
import { isOutboardError } from '@outboard/oci';
import type { EngineContext } from '../operations/engine-context.ts';
import type { PluginStore } from '../store/plugin-store.ts';
import { createVolumes } from './create-volumes.ts';
import { VolumeStore } from './volume-store.ts';
import type { Volumes } from './volumes.ts';

type OpenVolumesOptions = Pick<EngineContext, 'store' | 'drivers' | 'uses' | 'announce' | 'logger'> & {
  /** Where records are kept, such as `DATA_ROOT/volumes`. */
  readonly directory: string;
};

/** Load what is remembered. No driver is asked for anything. */
export async function openVolumes(options: OpenVolumesOptions): Promise<Volumes> {
  const { store: plugins, drivers, uses, announce, logger } = options;
  const volumes = createVolumes({
    store: await VolumeStore.open(options.directory, logger),
    drivers,
    uses,
    pluginIdOf: (driver) => pluginIdOf(plugins, driver),
    announce,
    logger,
  });
  uses.addSource((pluginId) => {
    const plugin = plugins.get(pluginId);
    return plugin === undefined ? [] : volumes.usesOf(plugin.name);
  });
  return volumes;
}

function pluginIdOf(plugins: PluginStore, driver: string): string | undefined {
  try {
    const { id, name } = plugins.find(driver);
    // A legacy plugin may be called like the beginning of an ID.
    return name === driver ? id : undefined;
  } catch (error) {
    if (isOutboardError(error)) return undefined;
    throw error;
  }
}

/** Volumes of which what is under way ends with the engine. */
export function volumesWithin(volumes: Volumes, scope: OperationScope): Volumes {
  return {
    list: (filters, { signal } = {}) => scope.run((own) => volumes.list(filters, { signal: own }), signal),
    create: (request) => scope.run((signal) => volumes.create({ ...request, signal }), request.signal),
    inspect: (name, { signal } = {}) => scope.run((own) => volumes.inspect(name, { signal: own }), signal),
    remove: (name, options = {}) =>
      scope.run((signal) => volumes.remove(name, { ...options, signal }), options.signal),
    prune: (request = {}) => scope.run((signal) => volumes.prune({ ...request, signal }), request.signal),
    mount: (name, id, { signal } = {}) =>
      scope.run((own) => volumes.mount(name, id, { signal: own }), signal),
    unmount: (name, id, { signal } = {}) =>
      scope.run((own) => volumes.unmount(name, id, { signal: own }), signal),
  };
}
