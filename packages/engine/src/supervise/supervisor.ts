/**
 * The contract of supervision: keeps the plugins that should run running.
 */
import type { PluginRecord } from '../config/plugin-config.ts';
import type { MountsToRemove } from './host/plugin-host.ts';
import type { PluginFailure } from './plugin-failure.ts';

/**
 * The state of one plugin. Whether it is enabled is in its record; the state `disabled` says that nothing of it is on
 * the host. `since` is the start of the state, `restarts` the number of restarts since the last start by an operator or
 * a new daemon, `reason` the cause of a failure, without the plugin's output.
 */
export type PluginState =
  | { readonly status: 'disabled' }
  | { readonly status: 'starting'; readonly since: Date; readonly restarts: number }
  | {
      readonly status: 'running';
      readonly since: Date;
      readonly startedAt: Date;
      readonly pid: number;
      readonly restarts: number;
    }
  /** It runs, and fails its health check or has lost its socket directory. */
  | {
      readonly status: 'unhealthy';
      readonly since: Date;
      readonly startedAt: Date;
      readonly pid: number;
      readonly restarts: number;
      readonly reason: string;
    }
  /** It does not run and will be restarted. */
  | {
      readonly status: 'backing-off';
      readonly since: Date;
      readonly restarts: number;
      readonly retryAt: Date;
      readonly reason: string;
    }
  | { readonly status: 'stopping'; readonly since: Date }
  /** It does not run, and its restart policy allows no further attempt. */
  | {
      readonly status: 'failed';
      readonly since: Date;
      readonly restarts: number;
      readonly reason: string;
    };

/** Options of a start. */
export interface StartOptions {
  /** Limit for the socket to accept connections, in milliseconds; default 30 s. */
  readonly timeoutMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Options of a stop. */
export interface StopOptions {
  /** Between SIGTERM and SIGKILL, in milliseconds; default as the plugin's options say, or 10 s. */
  readonly graceMs?: number | undefined;
  /** Mounts of the plugin to remove; default all. The kernel's own stay while another version takes its place. */
  readonly mounts?: MountsToRemove | undefined;
}

/** Runs plugins. The caller serialises the calls for one plugin (one queue per plugin). */
export interface Supervisor {
  /**
   * Start a plugin and wait until its socket accepts a connection. A start that fails is not repeated.
   * @throws {OutboardError} system with exit code and last log lines; nothing is left running
   */
  start(record: PluginRecord, options?: StartOptions): Promise<void>;
  /**
   * Stop an enabled plugin in any state, and start it with its failures forgotten. After a failure the restart policy
   * decides about further attempts, also when the signal is aborted.
   * @throws {OutboardError} as `start`, for the first attempt; the signal's reason
   */
  restart(record: PluginRecord, options?: StartOptions & StopOptions): Promise<void>;
  /** SIGTERM, after the grace SIGKILL; resolves when no process, cgroup, or mount to remove of it is left. Idempotent. */
  stop(id: string, options?: StopOptions): Promise<void>;
  /**
   * Bound the grace of stops, counted from their start and including one that is under way, until the result is
   * disposed. Called outside of the plugin's queue.
   * @returns undefined when the plugin is not supervised
   */
  limitStops(id: string, graceMs: number): Disposable | undefined;
  /**
   * At the start of the daemon: adopt the containers that should run, start those that are missing, remove the others.
   * Resolves once it is known what runs; the rest is done in the background, with back-off, and plugins do not wait for
   * each other.
   * @param damaged IDs of plugins without a usable record: their containers are left alone until `manage` or `stop`
   */
  restore(enabled: readonly PluginRecord[], damaged?: ReadonlySet<string>): Promise<void>;
  /** Supervise a plugin that was repaired: its container is adopted if it runs, else started in the background. */
  manage(record: PluginRecord): void;
  /** Use changed options: those of restarts and stops at once, all others at the next start. */
  update(record: PluginRecord): void;
  state(id: string): PluginState;
  /** The last failed start or unexpected end; undefined when there was none. Only the plugin's removal deletes it. */
  lastFailure(id: string): Promise<PluginFailure | undefined>;
  /** Processes killed for lack of memory since the last start by an operator or a new daemon. */
  outOfMemoryKills(id: string): number;
  /** Call a listener for every such kill, or once for several. @returns removes the listener */
  onOutOfMemory(listener: (id: string) => void): () => void;
  /** Path of the plugin's socket on the host. */
  socketPath(record: PluginRecord): string;
  /** The last lines of a plugin's output, oldest first; none when it does not run. */
  readLogTail(id: string, lines: number): Promise<readonly string[]>;
  /** Call a listener after every change of state. @returns removes the listener */
  onChange(listener: (id: string, state: PluginState, before: PluginState) => void): () => void;
  /**
   * End the supervision: leave all plugins running, or stop them in parallel. Waits for removals that are under way; with
   * `leave-running` for 8 s at most. Never rejects.
   */
  shutdown(mode: 'leave-running' | 'stop'): Promise<void>;
}

/** True for a state with a running process. */
export function hasProcess(
  state: PluginState,
): state is Extract<PluginState, { status: 'running' | 'unhealthy' }> {
  return state.status === 'running' || state.status === 'unhealthy';
}
