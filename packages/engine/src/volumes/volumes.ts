/**
 * The contract of volumes: what Docker's `/volumes` offers, over every plugin that serves `docker.volumedriver`.
 * @see Docker Engine API v1.51, Volume; moby volume/service (28.x)
 */
import type { JsonObject } from '@outboard/oci';

/** Labels, or options of a driver. */
export type TextMap = ReadonlyMap<string, string>;

export interface Volume {
  readonly name: string;
  /** The full local name of its plugin, such as `acme/p:latest`; of a legacy plugin its file's name. */
  readonly driver: string;
  /** Where it is on the host; '' while its driver names no place. */
  readonly mountpoint: string;
  /** As its driver says, else when it was created here; absent when neither is known. */
  readonly createdAt?: Date;
  /** As given when it was created here; absent when none were. */
  readonly labels?: TextMap;
  readonly options?: TextMap;
  readonly scope: 'local' | 'global';
  /** What its driver adds for people to read; only `inspect` tells it. */
  readonly status?: JsonObject;
}

/** Which volumes to list. Keys that are given must all match. */
export interface VolumeFilters {
  /** Whether nobody holds a mount of it. */
  readonly dangling?: boolean;
  /** One of them matches the name. */
  readonly names?: readonly RegExp[];
  /** Full names of drivers. */
  readonly drivers?: readonly string[];
  /** `KEY` or `KEY=VALUE`; all must match. */
  readonly labels?: readonly string[];
}

export interface VolumeList {
  /** By name. */
  readonly volumes: readonly Volume[];
  /** What could not be asked, and why; such drivers' volumes are listed as they were created here. */
  readonly warnings: readonly string[];
}

interface Cancellable {
  readonly signal?: AbortSignal;
}

export interface CreateVolumeRequest extends Cancellable {
  /** Absent: a random name, and the label `com.docker.volume.anonymous`. */
  readonly name?: string;
  /** Name or ID of a plugin. Absent: whichever has a volume of that name, else `local`. */
  readonly driver?: string;
  readonly options?: TextMap;
  readonly labels?: TextMap;
}

export interface PruneVolumesRequest extends Cancellable {
  /** Named volumes too; default anonymous ones only. */
  readonly all?: boolean;
  /** `KEY` or `KEY=VALUE`; all must match. */
  readonly labels?: readonly string[];
  /** A volume that all of these match stays. */
  readonly excludedLabels?: readonly string[];
}

/**
 * Volumes of all drivers. Messages have Docker's words, such as `create data: <what the driver said>`. A driver that
 * does not answer fails with unavailable when its call's time is up (two minutes for create and mount, one for the
 * rest, ten seconds where all drivers are asked); it never holds up callers of another. To remove or mount a volume that
 * was not created here, all drivers are asked and waited for, and two that have the name are a conflict.
 */
export interface Volumes {
  list(filters?: VolumeFilters, options?: Cancellable): Promise<VolumeList>;
  /**
   * Create a volume, or return the one of that name as it is. One that its driver knows already is taken over.
   * @throws {OutboardError} not-found or conflict when the driver is unknown or disabled; conflict when another driver
   *   has a volume of that name; invalid for a name that cannot be shown; system with what the driver said
   */
  create(request: CreateVolumeRequest): Promise<Volume>;
  /** @throws {OutboardError} not-found; also when its plugin is gone, and conflict when that is disabled */
  inspect(name: string, options?: Cancellable): Promise<Volume>;
  /**
   * Remove a volume and what is in it.
   * @param options.force no error when it, or its plugin, is gone; and forget it here even if its driver refuses
   * @throws {OutboardError} not-found; conflict when somebody holds a mount of it; system with what the driver said
   */
  remove(name: string, options?: Cancellable & { readonly force?: boolean }): Promise<void>;
  /**
   * Remove unused volumes among those created here; what cannot be removed stays, and is logged.
   * @returns the names of those removed
   * @throws {OutboardError} conflict while another prune is running
   */
  prune(request?: PruneVolumesRequest): Promise<readonly string[]>;
  /**
   * Mount a volume, and hold its plugin until it is unmounted.
   * @param id who mounts: 1 to 64 printable characters without `/`. Mounts of one ID are counted; after a restart of
   *   the engine they count as one
   * @returns where it is on the host
   * @throws {OutboardError} not-found; invalid for an ID that cannot be shown; system with what the driver said
   */
  mount(name: string, id: string, options?: Cancellable): Promise<string>;
  /** Undo one mount. A driver takes an ID that it does not know for done. */
  unmount(name: string, id: string, options?: Cancellable): Promise<void>;
}
