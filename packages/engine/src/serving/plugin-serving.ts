/**
 * The contract of serving: the plugins that are enabled by wish, in whatever state they are, for programs that pass calls of
 * others on to them.
 */
import type { Cancellable } from '@outboard/async';
import type { PluginOptions } from '../config/plugin-options.ts';
import type { PluginDriver } from '../drivers/plugin-drivers.ts';

/** A plugin whose record says enabled, also while it starts, restarts, backs off, has failed or is being upgraded. */
export interface ServedPlugin {
  readonly id: string;
  /** The full name, such as `acme/p:latest`. */
  readonly name: string;
  /** Interface types of its config, such as `docker.volumedriver/1.0`. */
  readonly interfaceTypes: readonly string[];
  /** The protocol scheme of its config; '' for HTTP. */
  readonly protocolScheme: string;
  /** Options in force. */
  readonly options: PluginOptions;
  /** Calls wait at the plugin's gate. */
  readonly driver: PluginDriver;
}

/**
 * A change of the plugins that serve. `enabled`, `upgraded` (also rolled back) and `changed` (its options) carry the plugin
 * as it is now, `disabled` and `removed` as it was; only a plugin that was removed while it was enabled is `removed`.
 */
export interface ServingChange {
  readonly kind: 'enabled' | 'disabled' | 'removed' | 'upgraded' | 'changed';
  readonly plugin: ServedPlugin;
}

/**
 * Work between the start of a plugin and its first call, such as mounting volumes again.
 *
 * Calls wait at the gate meanwhile. So the work must not wait for anything that the maker of a waiting call holds, such as a
 * queue or a lock, and must call the plugin through the driver that it is given.
 * @param plugin a driver that passes the gate by
 * @param signal aborted when the plugin ends, and after 60 s
 */
export type WorkBeforeServing = (plugin: PluginDriver, signal: AbortSignal) => Promise<void>;

/** The plugins that are enabled by wish. */
export interface PluginServing {
  /** All of them, by name. */
  all(): readonly ServedPlugin[];
  /** One of them, by its whole ID. */
  get(id: string): ServedPlugin | undefined;
  /** Call a listener after every change, which is on disk by then. @returns removes the listener */
  onChange(listener: (change: ServingChange) => void): () => void;
  /**
   * Wait until calls can be made: the plugin runs, the work before serving is done, and no operation has closed its gate.
   * @throws {OutboardError} unavailable, with the reason, when the plugin has failed, is disabled or was removed (code
   *   `plugin-failed` or `plugin-disabled`); the signal's reason
   */
  ready(id: string, options?: Cancellable): Promise<void>;
  /**
   * Do work at every start of a plugin from now on, before its first call: after an enable, a restart, a crash, an upgrade,
   * and when a new daemon takes it over. An error is logged, and fails an upgrade; otherwise the calls go on all the same.
   * @returns removes the work
   */
  onBeforeServing(work: WorkBeforeServing): () => void;
}
