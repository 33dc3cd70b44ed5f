/**
 * The public face of the engine: every operation on plugins. `openPluginEngine` makes one.
 */

import type {
  ContainerProcess,
  ExecRequest,
  ExecSession,
  InterfaceTraffic,
  ResourceStats,
  ResourceUsage,
} from '@outboard/container';
import type { Login, RegistryAccess, RegistryCredentials } from '@outboard/oci';
import type { PluginOptionsPatch } from './config/parse-plugin-options.ts';
import type { Plugin, Privilege } from './config/plugin-config.ts';
import type { DecidedOptions } from './config/plugin-options.ts';
import type { PluginDrivers } from './drivers/plugin-drivers.ts';
import type { PluginLogs } from './logs/plugin-logs.ts';
import type { Finding } from './preflight/finding.ts';
import type { ReportProgress } from './progress.ts';
import type { PluginFailure } from './supervise/plugin-failure.ts';
import type { PluginState } from './supervise/supervisor.ts';
import type { PluginUses } from './uses/plugin-uses.ts';
import type { Volumes } from './volumes/volumes.ts';

/** Something that happened to a plugin or a volume, as Docker's `/events` tells it. */
export type Announcement =
  | {
      readonly type: 'plugin';
      /** `oom`: a process of the plugin was killed because memory ran out. */
      readonly action: 'create' | 'pull' | 'enable' | 'disable' | 'remove' | 'oom';
      /** The plugin's ID; for `pull` the remote reference in familiar form. */
      readonly id: string;
      /** `name` is the plugin's full local name. */
      readonly attributes: { readonly name: string };
    }
  | {
      readonly type: 'volume';
      readonly action: 'create' | 'mount' | 'unmount' | 'destroy' | 'prune';
      /** The volume's name; '' for `prune`. */
      readonly id: string;
      /** Docker's: `driver` for all but `prune`, which has `reclaimed` in bytes. Never options: they may hold secrets. */
      readonly attributes: Readonly<Record<string, string>>;
    };

/** An announcement with its place in time. */
export type EngineEvent = Announcement & {
  readonly at: Date;
  /** Nanoseconds since the epoch; strictly increasing, so it orders events. */
  readonly timeNano: bigint;
};

/** Which plugins to list. */
export interface PluginFilters {
  readonly enabled?: boolean;
  /** Regular expressions on the bare capability; a plugin matches when one of its types matches one of them. */
  readonly capabilities?: readonly RegExp[];
}

interface Cancellable {
  readonly signal?: AbortSignal;
}

export interface PullRequest extends Cancellable {
  readonly remote: string;
  /** Local name; default the remote's name. */
  readonly name?: string;
  /** What the operator agreed to; compared as a whole before any layer moves. */
  readonly privileges: readonly Privilege[];
  readonly access?: RegistryAccess;
  readonly onProgress?: ReportProgress;
}

export interface UpgradeRequest extends Cancellable {
  /** Name or ID of the installed plugin. */
  readonly plugin: string;
  readonly remote: string;
  readonly privileges: readonly Privilege[];
  readonly access?: RegistryAccess;
  readonly onProgress?: ReportProgress;
}

export interface PushRequest extends Cancellable {
  readonly plugin: string;
  readonly access?: RegistryAccess;
  readonly onProgress?: ReportProgress;
}

/** What a plugin is and does now. */
export interface PluginStatus {
  readonly plugin: Plugin;
  readonly state: PluginState;
  /** What its health check says; absent while it does not run, and when it has none. */
  readonly health?: 'healthy' | 'unhealthy';
  /** Of its manifest. */
  readonly digest: string;
  /** For which processor its program was built, with the OCI image-spec's name; absent when that cannot be told. */
  readonly architecture?: string;
  /** IPv4, on the bridge; absent from lists, while it does not run, and when its network is another. */
  readonly address?: string;
  /** What it takes of the host; absent while it does not run. */
  readonly usage?: ResourceUsage;
  /** How many of its processes were killed for want of memory since someone last asked for it to run. */
  readonly outOfMemoryKills: number;
  /** Where other programs dial it on the host; absent while it does not run. */
  readonly socketPath?: string;
  /** Absent from lists, and when it never failed. */
  readonly lastFailure?: PluginFailure;
}

/** What garbage collection removed. */
export interface CollectedGarbage {
  readonly blobs: number;
  readonly bytes: number;
  /** What it kept because damaged plugins may need it for their repair; absent when there are none. */
  readonly kept?: { readonly blobs: number; readonly bytes: number };
}

/** A plugin whose record cannot be used. It runs on if it runs; it can be repaired or removed, and nothing else. */
export interface DamagedPluginStatus {
  readonly id: string;
  /** Its local name; absent when its record does not tell it any more. */
  readonly name?: string;
  /** Why its record cannot be used. */
  readonly reason: string;
  readonly isRunning: boolean;
}

/** A plugin that has a record again. */
export interface RepairedPlugin {
  readonly plugin: Plugin;
  /** What could not be known any more, one sentence each. */
  readonly warnings: readonly string[];
}

/** The figures of one plugin at one moment. Traffic is counted for plugins on the bridge. */
export interface PluginStats extends ResourceStats, Partial<InterfaceTraffic> {
  readonly id: string;
  readonly name: string;
  readonly readAt: Date;
  /** As in `PluginStatus`. */
  readonly outOfMemoryKills: number;
}

export interface PluginEngine extends AsyncDisposable {
  /** Plugins to call, by name and capability. */
  readonly drivers: PluginDrivers;
  /** Who needs which plugin. */
  readonly uses: PluginUses;
  /** The volumes of all plugins that serve them. */
  readonly volumes: Volumes;
  /** What plugins write to stdout and stderr. */
  readonly logs: PluginLogs;
  list(filters?: PluginFilters): readonly Plugin[];
  /** @param plugin name, ID or unique ID prefix. @throws {OutboardError} not-found; invalid when a prefix is ambiguous */
  inspect(plugin: string): Plugin;
  /** Plugins whose records cannot be used; no other list has them. */
  damaged(): readonly DamagedPluginStatus[];
  /** @returns undefined when what was typed names no damaged plugin. @throws {OutboardError} invalid for an ambiguous prefix */
  inspectDamaged(plugin: string): DamagedPluginStatus | undefined;
  state(plugin: string): PluginState;
  /** As `list`, with what the plugins do. */
  statuses(filters?: PluginFilters): Promise<readonly PluginStatus[]>;
  /** As `inspect`, with what the plugin does and why it last failed. */
  status(plugin: string): Promise<PluginStatus>;
  /** What a remote plugin asks for. @throws {OutboardError} every failure to find out; never an empty list instead */
  privileges(
    remote: string,
    options?: Cancellable & { readonly access?: RegistryAccess },
  ): Promise<readonly Privilege[]>;
  /** The local name under which a remote would be installed. @throws {OutboardError} invalid */
  localName(remote: string, name?: string): string;
  pull(request: PullRequest): Promise<Plugin>;
  /**
   * @param request.context tar with `config.json` and `rootfs/`
   * @param request.mustRun refuse also what Docker takes and can never be enabled; default false
   */
  create(
    request: Cancellable & {
      readonly name: string;
      readonly context: AsyncIterable<Uint8Array>;
      readonly mustRun?: boolean;
    },
  ): Promise<Plugin>;
  push(request: PushRequest): Promise<void>;
  upgrade(request: UpgradeRequest): Promise<Plugin>;
  /**
   * @param options.createMounts make directories that are missing as sources of mounts; default as its options say
   * @throws {OutboardError} code `preflight` with all that the host lacks, one finding a line
   */
  enable(
    plugin: string,
    options?: Cancellable & { readonly timeoutSeconds?: number; readonly createMounts?: boolean },
  ): Promise<void>;
  /**
   * Wait until a plugin is enabled and its socket accepts; at once when it is so.
   * @throws {OutboardError} not-found, also when it is removed meanwhile; conflict when it has failed for good
   */
  untilReady(plugin: string, options?: Cancellable): Promise<void>;
  /** What the host lacks for a plugin; none when it can be enabled. Changes nothing. */
  preflight(plugin: string): Promise<readonly Finding[]>;
  /** @param options.force also while the plugin is in use. @throws {OutboardError} conflict, code `in-use` */
  disable(plugin: string, options?: { readonly force?: boolean }): Promise<void>;
  /**
   * Stop an enabled plugin and start it anew, also one that has failed. It stays enabled whatever comes of it.
   * @param options.force also while it is in use. @throws {OutboardError} conflict when it is disabled, or in use (code
   *   `in-use`); system when the first try fails
   */
  restart(plugin: string, options?: Cancellable & { readonly force?: boolean }): Promise<void>;
  /** @param args each `<name>[.<field>][=<value>]`; applied all or none */
  set(plugin: string, args: readonly string[]): Promise<void>;
  /** How a plugin runs: the options in force, and who decided about them. */
  options(plugin: string): DecidedOptions;
  /**
   * Change how a plugin runs, all that the patch names or none. Limits on memory, processors and processes apply to a
   * plugin that runs at once.
   * @returns what takes effect at the next start only, one sentence each
   */
  update(plugin: string, patch: PluginOptionsPatch): Promise<readonly string[]>;
  /** @param options.force also while the plugin is in use or enabled. @throws {OutboardError} conflict, code `in-use` */
  remove(plugin: string, options?: { readonly force?: boolean }): Promise<void>;
  /**
   * Give a damaged plugin a record again: its own, when that can be read after all, else one that is made of its blobs,
   * with the settings and options of its config. It keeps its ID and its trees, and is enabled if it runs.
   * @param options.name its local name, when that is not known any more or taken
   * @throws {OutboardError} not-found; conflict when it is not damaged, or its name is taken; invalid when its name is not
   *   known; system when its blobs or its root filesystem are not there: then it must be removed and installed anew
   */
  repair(plugin: string, options?: { readonly name?: string }): Promise<RepairedPlugin>;
  collectGarbage(): Promise<CollectedGarbage>;
  /** Find out whether a registry accepts credentials. @see RegistryClient.logIn, also for the errors */
  logIn(serverAddress: string, credentials: RegistryCredentials, options?: Cancellable): Promise<Login>;
  /** As in `PluginStatus`. */
  outOfMemoryKills(plugin: string): number;
  /** What the plugins that run take of the host now, by plugin ID. */
  resourceUsage(): Promise<ReadonlyMap<string, ResourceUsage>>;
  /**
   * The figures of plugins that run, by name, with their limits.
   * @param plugins names or IDs; default all. @throws {OutboardError} not-found
   */
  stats(plugins?: readonly string[]): Promise<readonly PluginStats[]>;
  /** The processes of a plugin, by pid. @throws {OutboardError} conflict when it does not run */
  processes(plugin: string): Promise<readonly ContainerProcess[]>;
  /**
   * Run a command in the container of a plugin that runs, with no more privileges than the plugin has; return when it
   * runs.
   * @param options.signal ends it, at any time
   * @throws {OutboardError} conflict when the plugin does not run; invalid for the request, and with the code
   *   `exec-failed` when the program cannot be run
   */
  exec(plugin: string, request: ExecRequest, options?: Cancellable): Promise<ExecSession>;
  /** How long the plugin that may take longest to stop may take, in milliseconds; 0 when none is enabled. */
  longestStopMs(): number;
  /** Be told of every event from now on. @returns stops it */
  onEvent(listener: (event: EngineEvent) => void): () => void;
  /**
   * End: cancel what is under way, and leave the plugins running or stop them, as `liveRestore` says. The same as disposing
   * the engine, for programs without `await using`.
   */
  close(): Promise<void>;
}
