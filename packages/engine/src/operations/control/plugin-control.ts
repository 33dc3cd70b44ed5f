/**
 * Control: whether and how plugins run. One of the faces of the engine.
 */

import type { Cancellable } from '@outboard/async';
import type { PluginOptionsPatch } from '../../config/parse-plugin-options.ts';
import type { DecidedOptions } from '../../config/plugin-options.ts';
import type { Finding } from '../../preflight/finding.ts';
import type { FaceRows } from '../face-rows.ts';
import { disablePlugin, type ForceOptions } from './disable.ts';
import { type EnableOptions, enablePlugin } from './enable.ts';
import { findLongestStop } from './longest-stop.ts';
import { restartPlugin } from './restart.ts';
import { type SetOptions, setPlugin } from './set.ts';
import { decidedOptions, updatePlugin } from './update.ts';

/** Starts, stops and configures plugins. Parameters `plugin` are as in `PluginCatalog`. */
export interface PluginControl {
  /** Everything that the host lacks for a plugin; none when it can be enabled. Changes nothing. */
  preflight(plugin: string): Promise<readonly Finding[]>;
  /**
   * Start a plugin; resolves when its socket accepts connections.
   * @throws {OutboardError} conflict when it is enabled; system when it does not start; code `preflight` with all that
   *   the host lacks, one finding a line
   */
  enable(plugin: string, options?: EnableOptions): Promise<void>;
  /** @throws {OutboardError} conflict when it is disabled, or in use (code `in-use`) */
  disable(plugin: string, options?: ForceOptions): Promise<void>;
  /**
   * Stop an enabled plugin and start it again, also one that has failed. It stays enabled when it does not start.
   * @throws {OutboardError} conflict when it is disabled, or in use (code `in-use`); system when the first attempt fails
   */
  restart(plugin: string, options?: ForceOptions & Cancellable): Promise<void>;
  /**
   * Change settings, all or none.
   * @param args each `<name>[.<field>][=<value>]`; none with declarations of secrets, which an enabled plugin takes too
   * @throws {OutboardError} conflict when enabled
   */
  set(plugin: string, args: readonly string[], options?: SetOptions): Promise<void>;
  /** The options in force, with the author's and the operator's share of them. */
  options(plugin: string): DecidedOptions;
  /**
   * Change options, all that the patch names or none. Limits on memory, processors and processes apply to a running
   * plugin at once.
   * @returns the changes that need a restart to take effect, one sentence each
   */
  update(plugin: string, patch: PluginOptionsPatch): Promise<readonly string[]>;
  /** Upper bound for stopping all plugins in parallel, in milliseconds; 0 when none is enabled. */
  longestStopMs(): number;
}

const byName = (plugin: string) => plugin;

/** The operations of control. */
export const controlRows: FaceRows<PluginControl> = {
  preflight: { direct: async ({ preflight, store }, plugin) => preflight.check(store.find(plugin)) },
  enable: {
    measured: 'enable',
    plugin: byName,
    run: (call, plugin, options) => enablePlugin(call, plugin, { ...options, signal: call.signal }),
  },
  disable: { measured: 'disable', plugin: byName, run: disablePlugin },
  restart: {
    measured: 'restart',
    plugin: byName,
    run: (call, plugin, options) => restartPlugin(call, plugin, { ...options, signal: call.signal }),
  },
  set: { measured: 'set', plugin: byName, run: setPlugin },
  options: { direct: decidedOptions },
  update: { measured: 'update', plugin: byName, run: updatePlugin },
  longestStopMs: { direct: findLongestStop },
};
