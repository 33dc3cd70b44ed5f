/**
 * The contract of supervision: keeps the plugins that should run running.
 */
import type { PluginRecord } from '../config/plugin-config.ts';
import type { PluginFailure } from './plugin-failure.ts';

/**
 * Where one plugin stands. "Enabled" is the operator's wish and lives in the record, not here; `disabled` says that
 * nothing is on the host because no one asked for it. `since` is when the state began, `restarts` how often the plugin
 * was started again since someone last asked for it to run, `reason` why it does not do what it should, without its
 * output.
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
  /** It runs and fails its health check. */
  | {
      readonly status: 'unhealthy';
      readonly since: Date;
      readonly startedAt: Date;
      readonly pid: number;
      readonly restarts: number;
      readonly reason: string;
    }
  /** It does not run and is to be started again. */
  | {
      readonly status: 'backing-off';
      readonly since: Date;
      readonly restarts: number;
      readonly retryAt: Date;
      readonly reason: string;
    }
  | { readonly status: 'stopping'; readonly since: Date }
  /** It does not run, and its restart policy does not allow another try. */
  | {
      readonly status: 'failed';
      readonly since: Date;
      readonly restarts: number;
      readonly reason: string;
    };

/** How to start. */
export interface StartOptions {
  /** How long the socket may take; default 30 s. */
  readonly timeoutMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** How to stop. */
export interface StopOptions {
  /** Between SIGTERM and SIGKILL; default what the plugin's options say, or 10 s. */
  readonly graceMs?: number | undefined;
}

/** Runs plugins. Calls for one plugin are serialised by the caller (one queue per plugin). */
export interface Supervisor {
  /**
   * Start a plugin and wait until its socket accepts a connection. One that fails is not tried again.
   * @throws {OutboardError} system: why it did not start, with exit code and last log lines; nothing is left running then
   */
  start(record: PluginRecord, options?: StartOptions): Promise<void>;
  /**
   * Stop a plugin that should run, whatever it does now, and start it with no failure counted. It stays wanted: one that
   * fails is tried again as its policy says, also after the signal is aborted.
   * @throws {OutboardError} as `start`, for the first try; the signal's reason
   */
  restart(record: PluginRecord, options?: StartOptions & StopOptions): Promise<void>;
  /** SIGTERM, after the grace SIGKILL; resolves when no process, mount or cgroup of it is left. Idempotent. */
  stop(id: string, options?: StopOptions): Promise<void>;
  /**
   * Until it is disposed of, a stop takes that long to SIGKILL at most, counted from its begin; also one that is under way.
   * Needs no turn in the plugin's queue.
   */
  limitStops(id: string, graceMs: number): Disposable | undefined;
  /**
   * At start of the daemon: take back what still runs, start what should run and does not, remove what should not run.
   * Resolves once it is known what runs; the rest goes on in the background, with back-off, and no plugin waits for
   * another one.
   * @param spared IDs of plugins of which nothing is known: what runs of them is left alone until `takeBack` or `stop`
   */
  restore(enabled: readonly PluginRecord[], spared?: ReadonlySet<string>): Promise<void>;
  /** Keep a plugin running that was spared: what runs is taken back, else it is started in the background. */
  takeBack(record: PluginRecord): void;
  /** Its options have changed: those about restarting and stopping are in force from now on, all at its next start. */
  update(record: PluginRecord): void;
  state(id: string): PluginState;
  /** Why it last failed to start or ended without being told to; undefined when it never did. Survives everything but removal. */
  lastFailure(id: string): Promise<PluginFailure | undefined>;
  /** How many of a plugin's processes the kernel killed for want of memory since someone last asked for it to run. */
  outOfMemoryKills(id: string): number;
  /** Be told of every such kill, or several at once. @returns stops it */
  onOutOfMemory(listener: (id: string) => void): () => void;
  /** Path of the plugin's socket on the host. */
  socketPath(record: PluginRecord): string;
  /** The last lines of a plugin's output, oldest first; none when it does not run. */
  readLogTail(id: string, lines: number): Promise<readonly string[]>;
  /** Be told of every change of a plugin's state, after it, with the state before. @returns stops it */
  onChange(listener: (id: string, state: PluginState, before: PluginState) => void): () => void;
  /**
   * Let go of all plugins and leave them running (`leave-running`), or stop them in parallel (`stop`). Waits for what is
   * being removed.
   */
  shutdown(mode: 'leave-running' | 'stop'): Promise<void>;
}

/** Whether a plugin in this state has a process. */
export function hasProcess(
  state: PluginState,
): state is Extract<PluginState, { status: 'running' | 'unhealthy' }> {
  return state.status === 'running' || state.status === 'unhealthy';
}
