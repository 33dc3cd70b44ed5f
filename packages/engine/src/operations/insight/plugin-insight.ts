/**
 * Insight: what running plugins do and use. One of the faces of the engine; logs are its property `logs`.
 */

import type { Cancellable } from '@outboard/async';
import type { ContainerProcess, ExecRequest, ExecSession, ResourceUsage } from '@outboard/container';
import type { PluginLogs } from '../../logs/plugin-logs.ts';
import type { FaceRows } from '../face-rows.ts';
import { debugPlugin, execInPlugin, type PluginDebugRequest } from './exec.ts';
import { listPluginProcesses } from './processes.ts';
import { type PluginStats, readStats } from './stats.ts';

/** Reads figures of plugins and runs commands in them. Parameters `plugin` are as in `PluginCatalog`. */
export interface PluginInsight extends InsightOperations {
  /** Output of plugins on stdout and stderr. */
  readonly logs: PluginLogs;
}

/** The methods of insight. */
export interface InsightOperations {
  /** Number of processes of a plugin killed for lack of memory, as in `PluginStatus`. */
  outOfMemoryKills(plugin: string): number;
  /** Usage of the plugins that run, by plugin ID. */
  resourceUsage(): Promise<ReadonlyMap<string, ResourceUsage>>;
  /**
   * Figures of plugins that run, by name, with their limits.
   * @param plugins names or IDs; default all. @throws {OutboardError} not-found
   */
  stats(plugins?: readonly string[]): Promise<readonly PluginStats[]>;
  /** The processes of a plugin, by pid. @throws {OutboardError} conflict when it does not run */
  processes(plugin: string): Promise<readonly ContainerProcess[]>;
  /**
   * Run a command in the container of a running plugin, with no more privileges than the plugin has; resolves when it
   * runs.
   * @param options.signal ends the command, at any time
   * @throws {OutboardError} conflict when the plugin does not run; invalid for the request, with code `exec-failed` when
   *   the program cannot be run
   */
  exec(plugin: string, request: ExecRequest, options?: Cancellable): Promise<ExecSession>;
  /**
   * Run a program of the host, by default a shell, in the namespaces of a running plugin but for its mounts, with no more
   * privileges than the plugin has. The plugin's root is at `/plugin`; programs of the host are read-only.
   * @param options.signal ends the command, at any time
   * @throws {OutboardError} as `exec`
   */
  debug(plugin: string, request: PluginDebugRequest, options?: Cancellable): Promise<ExecSession>;
}

/** The operations of insight. */
export const insightRows: FaceRows<InsightOperations> = {
  outOfMemoryKills: {
    direct: ({ store, supervisor }, plugin) => supervisor.outOfMemoryKills(store.find(plugin).id),
  },
  resourceUsage: { direct: ({ readAllUsage }) => readAllUsage() },
  stats: { direct: readStats },
  processes: { direct: listPluginProcesses },
  exec: { direct: execInPlugin },
  debug: { direct: debugPlugin },
};
