/**
 * What operations on volumes work with.
 */

import type { Clock, KeyedQueue } from '@outboard/async';
import type { Logger } from 'pino';
import type { PluginDrivers } from '../drivers/plugin-drivers.ts';
import type { Announcement } from '../observe/engine-events.ts';
import type { DriverScopes } from './driver-scopes.ts';
import type { VolumeMounts } from './volume-mounts.ts';
import type { VolumeRecord } from './volume-record.ts';
import type { VolumeStore } from './volume-store.ts';

export interface VolumeContext {
  readonly store: VolumeStore;
  readonly drivers: Pick<PluginDrivers, 'find' | 'all'>;
  readonly mounts: VolumeMounts;
  readonly scopes: DriverScopes;
  /** Volumes that are being created, by name: they hold their driver already. */
  readonly beingCreated: Map<string, VolumeRecord>;
  /** One queue per volume name: changes of one volume run one after another. */
  readonly queue: KeyedQueue;
  readonly announce: (announcement: Announcement) => void;
  readonly logger: Logger;
  readonly clock: Pick<Clock, 'now'>;
  /** How long each driver may take when all are asked, in milliseconds. */
  readonly surveyTimeoutMs: number;
}

/** What every operation may be given. */
export interface Cancellable {
  readonly signal?: AbortSignal;
}
