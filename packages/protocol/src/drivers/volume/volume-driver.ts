/**
 * Volume drivers: the interface VolumeDriver 1.0 of Docker's plugin protocol.
 */
import type { JsonObject } from '@outboard/oci';
import type { DriverCall } from '../driver-calls.ts';

/** A volume as its driver describes it. */
export interface DriverVolume {
  readonly name: string;
  /** Path in the plugin's mount namespace; empty while the volume is not mounted. */
  readonly mountpoint: string;
  readonly createdAt?: Date | undefined;
  /** Details of the driver's own, for display. */
  readonly status?: JsonObject | undefined;
}

/** Receives a warning about a reply that was read in part. */
export type Warn = (warning: string) => void;

/** A volume driver. Every method throws as `PluginClient.call`. */
export interface VolumeDriver {
  create(name: string, options: Readonly<Record<string, string>>, call?: DriverCall): Promise<void>;
  remove(name: string, call?: DriverCall): Promise<void>;
  /**
   * @param id ID of the consumer; `unmount` takes the same
   * @returns the mount point in the plugin's mount namespace
   */
  mount(name: string, id: string, call?: DriverCall): Promise<string>;
  unmount(name: string, id: string, call?: DriverCall): Promise<void>;
  /** @returns the mount point; '' while the volume is not mounted */
  path(name: string, call?: DriverCall): Promise<string>;
  /**
   * @returns undefined when the reply holds no volume, or one with neither name nor mount point; many drivers reply with
   *   an error instead
   */
  get(name: string, call?: DriverCall): Promise<DriverVolume | undefined>;
  /** @param call.warn receives entries, or parts of one, that are malformed and left out */
  list(call?: DriverCall & { readonly warn?: Warn | undefined }): Promise<readonly DriverVolume[]>;
  /** A driver that does not report a scope is local. */
  capabilities(call?: DriverCall): Promise<{ readonly scope: 'local' | 'global' }>;
}
