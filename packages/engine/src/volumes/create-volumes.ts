/**
 * Wires the operations on volumes with a store, drivers and references.
 */

import { type Clock, createKeyedQueue, createLimiter, systemClock } from '@outboard/async';
import type { Logger } from 'pino';
import type { PluginDrivers } from '../drivers/plugin-drivers.ts';
import type { MountLedger } from '../mounts/mount-ledger.ts';
import { createMountUses, type FindUsers } from '../mounts/mount-uses.ts';
import type { Announcement } from '../observe/engine-events.ts';
import type { PluginReference } from '../references/plugin-references.ts';
import type { StateFiles } from '../store/damaged-file.ts';
import { createVolume } from './create-volume.ts';
import { findDamagedRecords } from './damaged-records.ts';
import { createDriverScopes } from './driver-scopes.ts';
import { inspectVolume } from './inspect-volume.ts';
import { listVolumes } from './list-volumes.ts';
import { mountVolume, unmountVolume } from './mount-volume.ts';
import { oneAtATime, pruneVolumes } from './prune-volumes.ts';
import { type AbandonedMounts, createAbandonedMounts } from './release-abandoned.ts';
import { removeBy, removeVolume } from './remove-volume.ts';
import type { VolumeContext } from './volume-context.ts';
import { volumeReferences } from './volume-references.ts';
import type { VolumeStore } from './volume-store.ts';
import type { PruneVolumesRequest, Volumes } from './volumes.ts';

/** Bound on the drivers that are asked at the same time: a host may have hundreds of plugins. */
const driversAtOnce = 16;
/** Time in which a driver that works has answered, in milliseconds: others need not wait for one that hangs. */
const answerMs = 250;

/** Parts of volumes. */
export interface VolumesDeps {
  readonly store: VolumeStore;
  readonly drivers: Pick<PluginDrivers, 'find' | 'all'>;
  readonly mounts: MountLedger;
  readonly findUsers: FindUsers;
  readonly announce: (announcement: Announcement) => void;
  readonly logger: Logger;
  readonly clock?: Pick<Clock, 'now'> | undefined;
  /** Time limit of each driver when all drivers are queried, in milliseconds; default 10 s. */
  readonly surveyTimeoutMs?: number | undefined;
}

/** Volumes with the references to plugins that they cause. */
export interface OpenVolumes extends Volumes {
  /** The references of all volumes and mounts of a driver, by the driver's full name. */
  referencesOf(driver: string): readonly PluginReference[];
  /** Look again who uses the mounts of a driver whose holders' processes are gone. Never rejects. */
  lookAtUses(driver: string): Promise<void>;
  /** Release volumes whose holder has crashed. */
  readonly abandoned: AbandonedMounts;
  /** Options with which a volume was created here; undefined when it was not. */
  optionsOf(driver: string, volume: string): Readonly<Record<string, string>> | undefined;
  /** Records that were damaged on disk. */
  readonly records: StateFiles;
}

/** Create the volumes of one engine. */
export function createVolumes(deps: VolumesDeps): OpenVolumes {
  const { store, drivers, mounts, announce, logger } = deps;
  const clock = deps.clock ?? systemClock;
  const context: VolumeContext = {
    store,
    drivers,
    mounts,
    uses: createMountUses(deps.findUsers),
    scopes: createDriverScopes(),
    beingCreated: new Map(),
    unlisted: new Map(),
    queue: createKeyedQueue(),
    announce,
    logger,
    clock,
    surveyTimeoutMs: deps.surveyTimeoutMs ?? 10_000,
    surveyLimit: createLimiter(driversAtOnce, answerMs),
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
    removeBy: (name, options, call) => removeBy(context, name, options, call),
    locate: (driver, mountpoint, given = {}) => mounts.locate(driver, mountpoint, given),
    locateAll: (driver, mountpoints, given = {}) => mounts.locateAll(driver, mountpoints, given),
    optionsOf(driver, volume) {
      const record = store.get(volume);
      return record?.driver === driver ? Object.fromEntries(record.options ?? []) : undefined;
    },
    referencesOf: (driver) => volumeReferences(context, driver),
    lookAtUses: (driver) => context.uses.look(mounts.held(driver)),
    abandoned: createAbandonedMounts(context),
    records: { findDamaged: () => findDamagedRecords(context) },
  };
}
