/**
 * The contract of the ledger of mounts: who holds which volume of which driver. It is the one way in which volumes are
 * mounted, for the API, the command line and the gateway.
 */
import type { Cancellable } from '@outboard/async';
import type { DriverCall, VolumeDriver } from '@outboard/protocol';
import type { PluginDriver } from '../drivers/plugin-drivers.ts';
import type { Consumer } from '../references/consumer.ts';
import type { HeldVolume } from './held-volume.ts';

/** A driver that mounts volumes. */
export interface MountingDriver {
  readonly plugin: PluginDriver;
  readonly calls: Pick<VolumeDriver, 'create' | 'get' | 'list' | 'mount' | 'unmount' | 'path'>;
}

/** One mount or unmount. */
export interface MountRequest {
  readonly volume: string;
  /** ID of the holder, of any form. */
  readonly id: string;
}

/** Options of a remount. */
export interface RemountOptions extends Cancellable {
  /** False: the driver mounts again by itself, and is not called. */
  readonly mayCall: boolean;
  /**
   * Options of the creation of a volume, for a driver that has forgotten it with its process; undefined when they are unknown.
   */
  readonly optionsOf?: ((volume: string) => Readonly<Record<string, string>> | undefined) | undefined;
}

/** Result of a remount of one volume. */
export interface Remounted {
  readonly held: HeldVolume;
  readonly error?: unknown;
}

/**
 * Mounts of volumes with their holders. The driver gets `Mount` for the first holder and `Unmount` after the last, with the
 * ID of the first, unless an option of the plugin says `each`. The caller serialises the calls for one volume.
 */
export interface MountLedger {
  /** Volumes of all drivers that somebody holds. */
  all(): readonly HeldVolume[];
  /** Volumes of a driver that somebody holds, or whose first mount or last unmount is under way. */
  held(driver: string): readonly HeldVolume[];
  /** The same, and those that were mounted in this boot. */
  known(driver: string): readonly HeldVolume[];
  /** IDs of the holders of a volume, sorted; of one whose call is under way, too. */
  idsOf(driver: string, volume: string): readonly string[];
  /** Full names of the drivers of which a volume of this name is held. */
  driversOf(volume: string): readonly string[];
  /**
   * Mount a volume for a holder. Mounts of one ID are counted. A mount that fails counts nothing, and one whose caller has
   * left is undone.
   * @returns the path on the host, which was checked
   * @param options.timeoutMs of each call to the driver
   * @throws {OutboardError} the driver's error; as `MountCheck.check`; the reason of the signal
   */
  mount(
    driver: MountingDriver,
    request: MountRequest & { readonly consumer?: Consumer | undefined },
    options: DriverCall,
  ): Promise<string>;
  /**
   * Undo one mount of a holder. An unknown ID changes nothing.
   * @param driver called only when the driver has to unmount; undefined when it no longer exists or is disabled, which
   *   has unmounted everything
   * @returns false when the ID was unknown
   * @throws {OutboardError} the driver's error: the holder stays then
   */
  unmount(
    request: MountRequest & { readonly driver: string },
    driver: () => Promise<MountingDriver | undefined>,
    options: DriverCall,
  ): Promise<boolean>;
  /** Translate and check a path that a driver reports. @throws as `MountCheck.check` */
  locate(driver: PluginDriver, mountpoint: string, options: Cancellable): Promise<string>;
  /** Paths of a list, as `MountCheck.checkAll`. */
  locateAll(
    driver: PluginDriver,
    mountpoints: readonly string[],
    options: Cancellable,
  ): Promise<readonly (string | undefined)[]>;
  /**
   * Take over a mount that another store has counted until now; does nothing when the holder is known.
   * @param mount.since its first mount
   */
  adopt(mount: MountRequest & { readonly driver: string; readonly since: Date }): Promise<void>;
  /**
   * Bring the mounts of held volumes back, after the plugin was started again or the daemon was. Mounts that are alive stay as
   * they are. Mounts and unmounts of this driver wait for it.
   * @returns the held volumes; one that cannot be mounted has an error
   */
  remount(driver: MountingDriver, options: RemountOptions): Promise<readonly Remounted[]>;
  /** Forget what is known of a volume that was removed, unless it is held. */
  forget(driver: string, volume: string): Promise<void>;
  /** Forget all volumes of a driver that was removed, with their holders. */
  forgetDriver(driver: string): Promise<void>;
}
