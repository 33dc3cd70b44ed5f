/**
 * The interface that the author of a volume plugin implements.
 */
import type { CallContext } from '../wire/call.ts';

/** One volume, as `docker volume inspect` shows it. */
export interface Volume {
  readonly name: string;
  /** Absolute path in the plugin; absent while the volume is not mounted. */
  readonly mountpoint?: string | undefined;
  readonly createdAt?: Date | undefined;
  /** Details for the operator, as JSON values. */
  readonly status?: Readonly<Record<string, unknown>> | undefined;
}

/** A volume to create. */
export interface CreateVolume {
  readonly name: string;
  /** The operator's `-o key=value` options. */
  readonly options: ReadonlyMap<string, string>;
}

/**
 * A volume driver. The operator sees the messages of its errors.
 *
 * The SDK runs the methods that change one volume one after another, and counts mounts: it calls `mount` for the first
 * consumer of a volume and `unmount` after the last one. Names are not empty; the driver validates them.
 */
export interface VolumeDriver {
  /** `global` if a volume that one node of a cluster creates exists on all nodes. Default `local`. */
  readonly scope?: 'local' | 'global' | undefined;
  /** Create a volume. Not called for a volume that `get` finds: creating it again is not an error. */
  create(request: CreateVolume, context: CallContext): Promise<void>;
  /** Delete a volume and its data. Not called while it is mounted. */
  remove(name: string, context: CallContext): Promise<void>;
  /**
   * Make a volume's content available. Called again after a restart of the plugin for volumes that are in use.
   *
   * @returns the absolute path in the plugin; below `propagatedMount` if it is a mount point
   */
  mount(name: string, context: CallContext): Promise<string>;
  /** Undo `mount`. */
  unmount(name: string, context: CallContext): Promise<void>;
  /**
   * Find a volume; undefined if it does not exist. Answer from local state: engines call this often, and treat a volume
   * as gone when it fails.
   */
  get(name: string, context: CallContext): Promise<Volume | undefined>;
  /** All volumes. */
  list(context: CallContext): Promise<readonly Volume[]>;
}
