/**
 * Volume drivers: the interface VolumeDriver 1.0 of Docker's plugin protocol.
 */
import type { JsonObject } from '@outboard/oci';
import type { DriverCall } from '../driver-calls.ts';

/** A volume as its driver tells of it. */
export interface DriverVolume {
  readonly name: string;
  /** In the plugin's mount namespace; empty when it is not mounted. */
  readonly mountpoint: string;
  readonly createdAt?: Date;
  /** Whatever the driver adds; shown to people. */
  readonly status?: JsonObject;
}

/** Every call throws as `PluginClient.call`. */
export interface VolumeDriver {
  create(name: string, options: Readonly<Record<string, string>>, call?: DriverCall): Promise<void>;
  remove(name: string, call?: DriverCall): Promise<void>;
  /**
   * @param id whoever mounts; `unmount` takes the same
   * @returns the mount point in the plugin's mount namespace
   */
  mount(name: string, id: string, call?: DriverCall): Promise<string>;
  unmount(name: string, id: string, call?: DriverCall): Promise<void>;
  /** @returns the mount point, or '' */
  path(name: string, call?: DriverCall): Promise<string>;
  /**
   * @returns undefined when the driver answers without a volume, or with one that has neither name nor place; many drivers
   *   answer an error instead
   */
  get(name: string, call?: DriverCall): Promise<DriverVolume | undefined>;
  /** @param call.warn told of entries, or parts of one, that cannot be read and are left out */
  list(call?: DriverCall & { readonly warn?: Warn }): Promise<readonly DriverVolume[]>;
  /** A driver that cannot say is local. */
  capabilities(call?: DriverCall): Promise<{ readonly scope: 'local' | 'global' }>;
}

export type Warn = (warning: string) => void;
