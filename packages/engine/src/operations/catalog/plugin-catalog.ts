/**
 * The catalog: which plugins there are, and what state they are in. One of the faces of the engine.
 */

import type { Cancellable } from '@outboard/async';
import type { Plugin } from '../../config/plugin-config.ts';
import type { PluginState } from '../../supervise/supervisor.ts';
import type { FaceRows } from '../face-rows.ts';
import { type DamagedPluginStatus, inspectDamaged, listDamaged } from './damaged.ts';
import { listPlugins, type PluginFilters } from './list.ts';
import { listStatuses, type PluginStatus, readStatus } from './status.ts';
import { untilReady } from './until-ready.ts';

/** Finds plugins. Parameters `plugin` are a name in any familiar form, a full ID or a unique ID prefix. */
export interface PluginCatalog {
  /** Plugins by name. */
  list(filters?: PluginFilters): readonly Plugin[];
  /** @throws {OutboardError} not-found; conflict when it is damaged; invalid when a prefix is ambiguous */
  inspect(plugin: string): Plugin;
  /** Plugins whose records cannot be used; no other list has them. */
  damaged(): readonly DamagedPluginStatus[];
  /** @returns undefined when no damaged plugin has the name. @throws {OutboardError} invalid for an ambiguous prefix */
  inspectDamaged(plugin: string): DamagedPluginStatus | undefined;
  /** @throws {OutboardError} as `inspect` */
  state(plugin: string): PluginState;
  /** As `list`, with states. */
  statuses(filters?: PluginFilters): Promise<readonly PluginStatus[]>;
  /** As `inspect`, with its state and its last failure. */
  status(plugin: string): Promise<PluginStatus>;
  /**
   * Wait until a plugin is enabled and its socket accepts connections; resolves at once when it is so.
   * @throws {OutboardError} not-found, also when it is removed meanwhile; conflict when it has failed and is not restarted
   */
  untilReady(plugin: string, options?: Cancellable): Promise<void>;
}

/** The operations of the catalog. */
export const catalogRows: FaceRows<PluginCatalog> = {
  list: { direct: listPlugins },
  inspect: { direct: ({ store }, plugin) => store.find(plugin) },
  damaged: { direct: listDamaged },
  inspectDamaged: { direct: inspectDamaged },
  state: { direct: ({ store, supervisor }, plugin) => supervisor.state(store.find(plugin).id) },
  statuses: { direct: listStatuses },
  status: { direct: readStatus },
  untilReady: { run: (call, plugin) => untilReady(call, plugin, call.signal) },
};
