/**
 * What is decided about how a plugin runs, beside its settings: limits, restarts, health, log, security. The operator
 * decides; for the rest the plugin's author may have. Every field is optional, and what is absent is the default of the
 * engine.
 */

/** Bounds on what a plugin may use of its host. Absent: none. */
export interface PluginLimits {
  /** Of memory and swap together, from its cgroup. At least 6 MiB, as Docker. */
  readonly memoryBytes?: number;
  /** Processors, such as 0.5. */
  readonly cpus?: number;
  /** Processes and threads. */
  readonly pids?: number;
  /** Open files of each process (RLIMIT_NOFILE). */
  readonly openFiles?: number;
}

/** Whether a plugin that ended is started again. Docker's words, and its meaning of them. */
export interface RestartPolicy {
  /** `always`, the default; `on-failure`: unless it exited with code 0; `no`. */
  readonly name: 'always' | 'on-failure' | 'no';
  /** How often in a row it is tried; absent or 0: for ever. */
  readonly maximumRetries?: number;
}

/** How to find out that a plugin still answers. */
export interface HealthCheck {
  /** `socket`: its socket accepts a connection; `http`: it answers `path` with a status below 500. */
  readonly kind: 'socket' | 'http';
  /** Of `http`; default `/Plugin.Activate`, by POST. */
  readonly path?: string;
  /** Default 30. */
  readonly intervalSeconds?: number;
  /** Default 10. */
  readonly timeoutSeconds?: number;
  /** Failures in a row that make it unhealthy; default 3. */
  readonly retries?: number;
  /** Whether an unhealthy plugin is restarted; default false. */
  readonly restarts?: boolean;
}

/** How much of its output is kept. */
export interface LogOptions {
  /** Of one file; default 10 MiB. */
  readonly maxBytes?: number;
  /** Default 3. */
  readonly maxFiles?: number;
}

export interface SecurityOptions {
  /**
   * `default`: the profile of the host's containers, or the engine's own where there is none; `builtin`: the engine's
   * own; `unconfined`; or the absolute path of a profile.
   */
  readonly seccomp?: string;
  /** A profile that is loaded on the host; `unconfined`. Default: the engine's, where the host has AppArmor. */
  readonly apparmor?: string;
  /** Default: on, unless the plugin needs otherwise. */
  readonly noNewPrivileges?: boolean;
  /** The root filesystem read-only, with a tmpfs on /tmp and /run; default false. */
  readonly readOnlyRootfs?: boolean;
}

export interface PluginOptions {
  readonly limits?: PluginLimits;
  readonly restart?: RestartPolicy;
  /** Between SIGTERM and SIGKILL; default 10. */
  readonly stopTimeoutSeconds?: number;
  readonly health?: HealthCheck;
  readonly log?: LogOptions;
  readonly security?: SecurityOptions;
  /** Make directories that are missing as sources of mounts; default false. */
  readonly createMounts?: boolean;
  /** Run an init as its first process, which reaps those that have lost their parent; default false. */
  readonly init?: boolean;
}

/** What one of the two decided: a limit of 0 is none, and a health check of the kind `none` too, whatever the other said. */
export interface PluginOverrides extends Omit<PluginOptions, 'health'> {
  readonly health?: Omit<HealthCheck, 'kind'> & { readonly kind: HealthCheck['kind'] | 'none' };
}

/** The options of a plugin, and who decided about them. */
export interface DecidedOptions {
  readonly inForce: PluginOptions;
  /** By the operator. */
  readonly overrides: PluginOverrides;
  /** By the plugin's author, in its config. */
  readonly author: PluginOverrides;
}
