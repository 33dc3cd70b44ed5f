/**
 * The contract between the SDK and the author of a volume plugin.
 */
import type { CallContext } from '../wire/call.ts';

/** One volume, as `docker volume inspect` shows it. */
export interface Volume {
  readonly name: string;
  /** Absolute path inside the plugin; absent while the volume is nowhere mounted. */
  readonly mountpoint?: string;
  readonly createdAt?: Date;
  /** Free facts for the operator; must survive JSON. */
  readonly status?: Readonly<Record<string, unknown>>;
}

/** What `Create` asks for. */
export interface CreateVolume {
  readonly name: string;
  /** The operator's `-o key=value` options. */
  readonly options: ReadonlyMap<string, string>;
}

/**
 * A volume driver. Errors that it throws reach the operator with their message.
 *
 * The SDK calls the methods that change a volume one after another for each volume, and counts mounts: `mount` comes
 * for the first consumer of a volume and `unmount` after the last. Names are not empty; which ones are acceptable is
 * for the driver to say.
 */
export interface VolumeDriver {
  /** `global` tells a cluster that one creation serves all its nodes. Default `local`. */
  readonly scope?: 'local' | 'global';
  /** Make a volume. Not called for one that `get` knows: creating twice is no error. */
  create(request: CreateVolume, context: CallContext): Promise<void>;
  /** Erase a volume. Not called while it is mounted. */
  remove(name: string, context: CallContext): Promise<void>;
  /**
   * Make a volume's content appear. Called again when the plugin restarted while consumers held the volume.
   *
   * @returns the absolute path inside the plugin; below `propagatedMount` if it is a mount
   */
  mount(name: string, context: CallContext): Promise<string>;
  /** Take a volume's content away again. */
  unmount(name: string, context: CallContext): Promise<void>;
  /**
   * Find a volume; undefined if there is none. Answer from local state: engines ask often, and drop what they know of
   * a volume when this fails.
   */
  get(name: string, context: CallContext): Promise<Volume | undefined>;
  /** All volumes. */
  list(context: CallContext): Promise<readonly Volume[]>;
}
