/**
 * The contract of supervision: keeps the plugins that should run running.
 */
import type { PluginRecord } from '../config/plugin-config.ts';

/** Where one plugin's process stands. "Enabled" is the operator's wish and lives in the record, not here. */
export type PluginState =
  | { readonly status: 'stopped' }
  | { readonly status: 'starting'; readonly since: Date }
  | { readonly status: 'running'; readonly since: Date; readonly pid: number; readonly restarts: number }
  | {
      readonly status: 'backing-off';
      readonly since: Date;
      readonly restarts: number;
      readonly retryAt: Date;
      readonly reason: string;
    }
  | { readonly status: 'stopping'; readonly since: Date };

/** Runs plugins. Calls for one plugin are serialised by the caller (one queue per plugin). */
export interface Supervisor {
  /**
   * Start a plugin and wait until its socket accepts a connection.
   * @param options.timeoutMs how long the socket may take; default 30 s
   * @throws {OutboardError} system: why it did not start, with exit code and last log lines; nothing is left running then
   */
  start(
    record: PluginRecord,
    options?: { readonly timeoutMs?: number; readonly signal?: AbortSignal },
  ): Promise<void>;
  /** SIGTERM, after `graceMs` (default 10 s) SIGKILL; resolves when no process, mount or cgroup of it is left. Idempotent. */
  stop(id: string, options?: { readonly graceMs?: number }): Promise<void>;
  /**
   * At start of the daemon: take back what still runs, start what should run and does not (in the background, with
   * back-off; one plugin's failure concerns no other), remove what should not run.
   */
  restore(enabled: readonly PluginRecord[]): Promise<void>;
  state(id: string): PluginState;
  /** Path of the plugin's socket on the host. */
  socketPath(record: PluginRecord): string;
  /** The last lines of a plugin's output, oldest first; none when it does not run. */
  readLogTail(id: string, lines: number): Promise<readonly string[]>;
  /** Be told of every change of a plugin's state, after it. @returns stops it */
  onChange(listener: (id: string, state: PluginState) => void): () => void;
  /** Let go of all plugins and leave them running (`leave-running`), or stop them (`stop`). */
  shutdown(mode: 'leave-running' | 'stop'): Promise<void>;
}
