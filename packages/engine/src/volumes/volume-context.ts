/**
 * The parts that operations on volumes take.
 */

import type { Clock, KeyedQueue, Limiter } from '@outboard/async';
import type { Logger } from 'pino';
import type { PluginDrivers } from '../drivers/plugin-drivers.ts';
import type { MountLedger } from '../mounts/mount-ledger.ts';
import type { MountUses } from '../mounts/mount-uses.ts';
import type { Announcement } from '../observe/engine-events.ts';
import type { DriverScopes } from './driver-scopes.ts';
import type { VolumeRecord } from './volume-record.ts';
import type { VolumeStore } from './volume-store.ts';

/** Parts of the volumes of one engine. */
export interface VolumeContext {
  readonly store: VolumeStore;
  readonly drivers: Pick<PluginDrivers, 'find' | 'all'>;
  readonly mounts: MountLedger;
  /** Users of mounts, as the kernel knows them. */
  readonly uses: MountUses;
  readonly scopes: DriverScopes;
  /** Records of volumes whose creation is in progress, by name: they already count as references to their driver. */
  readonly beingCreated: Map<string, VolumeRecord>;
  /** Recorded volumes that the last list of their driver did not have, by driver. */
  readonly unlisted: Map<string, ReadonlySet<string>>;
  /** One queue per volume name: changes of one volume run one after another. */
  readonly queue: KeyedQueue;
  readonly announce: (announcement: Announcement) => void;
  readonly logger: Logger;
  readonly clock: Pick<Clock, 'now'>;
  /** Time limit of each driver when all drivers are queried, in milliseconds. */
  readonly surveyTimeoutMs: number;
  /** Bounds the calls of operations that ask all drivers. A driver that does not answer soon gives its place up. */
  readonly surveyLimit: Limiter;
}
