/**
 * The contract of checks of mounts: a path is given out only when the host sees there what the driver sees.
 */
import type { Cancellable } from '@outboard/async';
import type { PluginDriver } from '../drivers/plugin-drivers.ts';

/** A mount that host and driver both see at a path. */
export interface CheckedMount {
  /** Path on the host. */
  readonly hostPath: string;
  /** Type of the file system that the driver mounted; '' for a directory of the plugin. */
  readonly fileSystem: string;
  /** Its device, such as `7:1`; '' for a directory of the plugin. */
  readonly device: string;
  /** Process of the plugin; 0 for a legacy plugin. */
  readonly pid: number;
}

/** Compares the mount namespaces of plugins with that of this process. */
export interface MountCheck {
  /**
   * Translate a path of a driver to a path on the host, and check it.
   * @param mountpoint in the driver's mount namespace
   * @throws {OutboardError} system, code `mount-lost`, when the host does not see the driver's mount, when the path does not
   *   exist, or when the server of its file system is gone: another `Mount` may help; as `PluginDriver.toHostPath`
   */
  check(driver: PluginDriver, mountpoint: string, options?: Cancellable): Promise<CheckedMount>;
  /**
   * Translate many paths of a driver, with one look at the mount tables: for lists. Their file systems are not looked at.
   * @returns host paths in the order of the paths; undefined for a path that cannot be translated, and where host and driver see
   *   different mounts
   * @throws {OutboardError} unavailable when the plugin does not run
   */
  checkAll(
    driver: PluginDriver,
    mountpoints: readonly string[],
    options?: Cancellable,
  ): Promise<readonly (string | undefined)[]>;
  /** True if this mount is at its path on the host. */
  isMounted(mount: Pick<CheckedMount, 'hostPath' | 'device'>): Promise<boolean>;
  /**
   * Detach a mount that its driver has forgotten, on the host and in the plugin. Does nothing when it is not there any more.
   */
  detach(mount: Pick<CheckedMount, 'hostPath' | 'device'>): Promise<void>;
  /**
   * Keep a dead FUSE mount for the containers that hold it, before the driver unmounts it. Does nothing when it is not there.
   * Never rejects.
   */
  bury(driver: Pick<PluginDriver, 'pluginId'>, mount: CheckedMount): Promise<void>;
  /** Put the mount at a path over the dead ones that were kept for it. Never rejects. */
  revive(driver: Pick<PluginDriver, 'pluginId'>, hostPath: string): Promise<void>;
  /**
   * Let the directory below a volume be written to again, which was guarded when a mount on it died: the driver may want to
   * delete it. Never rejects.
   */
  expose(driver: Pick<PluginDriver, 'pluginId'>, hostPath: string): Promise<void>;
  /** The process of a plugin now; 0 for a legacy plugin, and for one that does not run. */
  pidOf(driver: Pick<PluginDriver, 'pluginId'>): number;
}

/** Code of the errors of a mount that another `Mount` may repair. */
export const mountLost = 'mount-lost';
