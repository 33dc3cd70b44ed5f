/**
 * Wires the operations on volumes with a store, drivers and references.
 */

import { type Clock, createKeyedQueue, systemClock } from '@outboard/async';
import type { Logger } from 'pino';
import type { PluginDrivers } from '../drivers/plugin-drivers.ts';
import type { Announcement } from '../observe/engine-events.ts';
import type { PluginReference, PluginReferences } from '../references/plugin-references.ts';
import { createVolume } from './create-volume.ts';
import { createDriverScopes } from './driver-scopes.ts';
import { inspectVolume } from './inspect-volume.ts';
import { listVolumes } from './list-volumes.ts';
import { mountVolume, unmountVolume } from './mount-volume.ts';
import { oneAtATime, pruneVolumes } from './prune-volumes.ts';
import { removeVolume } from './remove-volume.ts';
import type { VolumeContext } from './volume-context.ts';
import { createVolumeMounts } from './volume-mounts.ts';
import type { VolumeStore } from './volume-store.ts';
import type { PruneVolumesRequest, Volumes } from './volumes.ts';

/** Parts of volumes. */
export interface VolumesDeps {
  readonly store: VolumeStore;
  readonly drivers: Pick<PluginDrivers, 'find' | 'all'>;
  readonly references: Pick<PluginReferences, 'of' | 'add' | 'remove'>;
  /** The ID of a managed plugin, whether enabled or not, by its full name. */
  readonly pluginIdOf: (driver: string) => string | undefined;
  readonly announce: (announcement: Announcement) => void;
  readonly logger: Logger;
  readonly clock?: Pick<Clock, 'now'> | undefined;
  /** Time limit of each driver when all drivers are queried, in milliseconds; default 10 s. */
  readonly surveyTimeoutMs?: number | undefined;
}

/** Volumes with the references to plugins that they cause. */
export interface OpenVolumes extends Volumes {
  /** The references of all volumes of a driver, by the driver's full name. */
  referencesOf(driver: string): readonly PluginReference[];
}

/** Create the volumes of one engine. */
export function createVolumes(deps: VolumesDeps): OpenVolumes {
  const { store, drivers, announce, logger } = deps;
  const context: VolumeContext = {
    store,
    drivers,
    mounts: createVolumeMounts(deps),
    scopes: createDriverScopes(),
    beingCreated: new Map(),
    queue: createKeyedQueue(),
    announce,
    logger,
    clock: deps.clock ?? systemClock,
    surveyTimeoutMs: deps.surveyTimeoutMs ?? 10_000,
  };
  const prune = oneAtATime((request: PruneVolumesRequest) => pruneVolumes(context, request));
  return {
    list: (filters = {}, given = {}) => listVolumes(context, filters, given),
    create: (request) => createVolume(context, request),
    inspect: (name, given = {}) => inspectVolume(context, name, given),
    async remove(name, given = {}) {
      await removeVolume(context, name, given);
    },
    prune: (request = {}) => prune(request),
    mount: (name, id, given = {}) => mountVolume(context, name, id, given),
    unmount: (name, id, given = {}) => unmountVolume(context, name, id, given),
    referencesOf(driver) {
      const inCreation = [...context.beingCreated.values()].filter((record) => record.driver === driver);
      const records = new Map(
        [...store.ofDriver(driver), ...inCreation].map((record) => [record.name, record]),
      );
      return [...records.values()].map(({ name, createdAt }) => ({
        kind: 'volume',
        holder: name,
        since: createdAt,
      }));
    },
  };
}
