/**
 * The contract of volumes: the operations of Docker's `/volumes` on all plugins that implement `docker.volumedriver`.
 * @see Docker Engine API v1.51, Volume; moby volume/service (28.x)
 */
import type { Cancellable } from '@outboard/async';
import type { JsonObject } from '@outboard/oci';
import type { PluginDriver } from '../drivers/plugin-drivers.ts';
import type { Consumer } from '../references/consumer.ts';

/** Labels of a volume, or options for its driver. */
export type TextMap = ReadonlyMap<string, string>;

/** A volume as clients see it. */
export interface Volume {
  readonly name: string;
  /** The full name of its plugin, such as `acme/p:latest`; for a legacy plugin the name of its file. */
  readonly driver: string;
  /** Path on the host; '' while its driver reports none. */
  readonly mountpoint: string;
  /** The driver's creation time, else that of the record; absent if neither is known. */
  readonly createdAt?: Date;
  /** From the creation request; absent if it had none, or if this engine did not create the volume. */
  readonly labels?: TextMap;
  readonly options?: TextMap;
  readonly scope: 'local' | 'global';
  /** Free-form details from its driver; only `inspect` returns them. */
  readonly status?: JsonObject;
}

/** Filters of `list`. All given keys must match. */
export interface VolumeFilters {
  /** True: only volumes without mounts; false: only volumes with mounts. */
  readonly dangling?: boolean | undefined;
  /** At least one matches the name. */
  readonly names?: readonly RegExp[] | undefined;
  /** Full names of drivers. */
  readonly drivers?: readonly string[] | undefined;
  /** `KEY` or `KEY=VALUE`; all must match. */
  readonly labels?: readonly string[] | undefined;
}

/** The result of `list`. */
export interface VolumeList {
  /** Sorted by name. */
  readonly volumes: readonly Volume[];
  /** Drivers that failed, with reasons; their volumes are listed from their records. */
  readonly warnings: readonly string[];
}

/** The request of `create`. */
export interface CreateVolumeRequest extends Cancellable {
  /** Default: a random name, with the label `com.docker.volume.anonymous`. */
  readonly name?: string | undefined;
  /** Name or ID of a plugin. Default: the driver that has a volume of that name, else `local`. */
  readonly driver?: string | undefined;
  readonly options?: TextMap | undefined;
  readonly labels?: TextMap | undefined;
}

/** Options of `unmount`. */
export interface UnmountVolumeOptions extends Cancellable {
  /** Name or ID of a plugin, which is not asked for the volume first. Default: the driver that has the volume. */
  readonly driver?: string | undefined;
  /** Time limit of each call to the driver, in milliseconds; default 120,000 for a mount and 60,000 for an unmount. */
  readonly timeoutMs?: number | undefined;
}

/** Options of `removeBy`. */
export interface RemoveByOptions extends Cancellable {
  readonly driver: string;
}

/** Options of `mount`. */
export interface MountVolumeOptions extends UnmountVolumeOptions {
  /** The process that uses the volume; default unknown. */
  readonly consumer?: Consumer | undefined;
}

/** The request of `prune`. */
export interface PruneVolumesRequest extends Cancellable {
  /** True to include named volumes; default anonymous ones only. */
  readonly all?: boolean | undefined;
  /** `KEY` or `KEY=VALUE`; all must match. */
  readonly labels?: readonly string[] | undefined;
  /** A volume that matches all of these is kept. */
  readonly excludedLabels?: readonly string[] | undefined;
}

/**
 * Volumes of all drivers. Errors have Docker's wording, such as `create data: <the driver's error>`. A driver that does not
 * answer fails with unavailable at its time limit: two minutes for create and mount, one minute for other calls, ten seconds
 * where all drivers are queried. It never delays calls to another driver. Removing or mounting a volume that this engine did
 * not create queries all drivers and awaits them; two drivers with the name are a conflict.
 */
export interface Volumes {
  list(filters?: VolumeFilters, options?: Cancellable): Promise<VolumeList>;
  /**
   * Create a volume, or return the existing one of that name. A volume that the driver already has is adopted.
   * @throws {OutboardError} not-found or conflict when the driver is unknown or disabled; conflict when another driver has a
   *   volume of that name; invalid for a malformed name; system with the driver's error
   */
  create(request: CreateVolumeRequest): Promise<Volume>;
  /** @throws {OutboardError} not-found, also when its plugin was removed; conflict when its plugin is disabled */
  inspect(name: string, options?: Cancellable): Promise<Volume>;
  /**
   * Remove a volume with its content.
   * @param options.force succeed when the volume or its plugin does not exist, and delete the record even if the driver fails
   * @throws {OutboardError} not-found; conflict, code `in-use`, while it has mounts; system with the driver's error
   */
  remove(name: string, options?: Cancellable & { readonly force?: boolean | undefined }): Promise<void>;
  /**
   * Remove unused volumes that this engine created. A volume that cannot be removed is logged.
   * @returns the names of the removed volumes
   * @throws {OutboardError} conflict while another prune is running
   */
  prune(request?: PruneVolumesRequest): Promise<readonly string[]>;
  /**
   * Mount a volume, with a reference to its plugin until it is unmounted. The driver is called for the first holder.
   * @param id the holder: 1 to 64 printable characters without `/`, or any text when the driver is given. Mounts of one ID
   *   are counted
   * @returns the path on the host, at which the host sees the driver's mount
   * @throws {OutboardError} not-found; invalid for a malformed ID; system with the driver's error; system, code
   *   `mount-lost`, when the host does not see the mount
   */
  mount(name: string, id: string, options?: MountVolumeOptions): Promise<string>;
  /** Undo one mount of a holder; the driver is called after the last one. An unknown ID changes nothing. */
  unmount(name: string, id: string, options?: UnmountVolumeOptions): Promise<void>;
  /**
   * Let another program remove a volume at its driver, in the volume's turn.
   * @param options.driver full name
   * @param call its call of `Remove`, whose result and errors are passed on
   * @throws {OutboardError} conflict, code `in-use`, while the volume has mounts: `call` is not made then
   */
  removeBy<Result>(
    name: string,
    options: RemoveByOptions,
    call: (signal: AbortSignal | undefined) => Promise<Result>,
  ): Promise<Result>;
  /**
   * Translate a path that a driver reports for a volume, and check it as `mount` does.
   * @throws {OutboardError} as `mount`; as `PluginDriver.toHostPath`
   */
  locate(driver: PluginDriver, mountpoint: string, options?: Cancellable): Promise<string>;
  /** Paths on the host of a list, compared with one look at the mounts; undefined where host and driver see different mounts. */
  locateAll(
    driver: PluginDriver,
    mountpoints: readonly string[],
    options?: Cancellable,
  ): Promise<readonly (string | undefined)[]>;
}
