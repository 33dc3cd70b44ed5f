/**
 * The contract of a plugin's host: everything that a plugin has on the machine around its container.
 */
import type { PluginRecord } from '../../config/plugin-config.ts';

/**
 * Mounts of a plugin to remove: all of them, or those whose file system has lost its server process. Mounts that the
 * kernel serves (ext4, NFS, tmpfs) outlive the plugin's process, and their users go on writing to them: they stay for as
 * long as the plugin should run.
 */
export type MountsToRemove = 'all' | 'dead';

/** Options of calls that probe paths, which may hang. */
export interface ProbeSignal {
  readonly signal: AbortSignal;
}

/** Prepares, checks and cleans up the surroundings of containers. */
export interface PluginHost {
  /** Path where the plugin's socket appears. */
  socketPath(record: PluginRecord): string;
  /**
   * Check that the host has what the plugin needs. For starts without an operator, whose enable checks it itself.
   * @throws {OutboardError} with everything that is missing; the signal's reason
   */
  check(record: PluginRecord, options: ProbeSignal): Promise<void>;
  /**
   * Make what the container needs: an empty socket directory, mounts, devices, a network.
   * @returns the runtime spec
   * @throws {OutboardError} when the plugin cannot or must not be started like this; the signal's reason
   */
  prepare(record: PluginRecord, options: ProbeSignal & { readonly mounts: MountsToRemove }): Promise<object>;
  /** True if the plugin depends on a socket that ends with the daemon: then the next daemon restarts it. */
  isBoundToDaemon(record: PluginRecord): boolean;
  /**
   * Find a part of a running plugin's surroundings that was deleted, without which it is unreachable.
   * @returns the part, as a sentence; undefined when nothing was deleted
   */
  findDamage(record: PluginRecord, options: ProbeSignal): Promise<string | undefined>;
  /** Compare the surroundings of an adopted plugin with those that were made; log differences. Never rejects. */
  verify(record: PluginRecord): Promise<void>;
  /**
   * Before a plugin is ended that will be started again: keep its FUSE mounts that containers hold, so that they get the new
   * ones, also when the plugin unmounts in good order. Never rejects.
   */
  keepServedMounts(id: string): Promise<void>;
  /** Remove the surroundings, with mounts below the plugin's directory: dead ones stay until `prepare`. Idempotent. */
  cleanUp(id: string, options: { readonly mounts: MountsToRemove }): Promise<void>;
  /** IDs of the plugins that have surroundings on the host now. */
  present(): Promise<readonly string[]>;
}
