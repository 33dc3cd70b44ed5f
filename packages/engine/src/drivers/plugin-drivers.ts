/**
 * The contract of look-up by capability: finds a plugin that can be called, by name and capability, among the managed plugins
 * of this engine and the legacy plugins of the host.
 * @see moby pkg/plugingetter and daemon/pkg/plugin/store.go (28.x)
 */
import type { Cancellable } from '@outboard/async';
import type { PluginClient } from '@outboard/protocol';

/** The capability part of an interface type: `volumedriver` of `docker.volumedriver/1.0`. */
export type Capability =
  | 'volumedriver'
  | 'networkdriver'
  | 'ipamdriver'
  | 'authz'
  | 'logdriver'
  | 'metricscollector'
  | 'secretprovider';

/** A plugin that has a capability and can be called. */
export interface PluginDriver {
  /** The full name of a managed plugin, such as `acme/p:latest`; for a legacy plugin the name of its file. */
  readonly name: string;
  /** The ID of a managed plugin; absent for a legacy one. */
  readonly pluginId?: string | undefined;
  /**
   * Shared by all callers: disposing it has no effect. It stays the same object until the plugin is upgraded or disabled.
   * Calls to a managed plugin wait while it restarts or is upgraded, within their own time limit and for a minute at most;
   * they fail once it is disabled.
   */
  readonly client: PluginClient;
  /** Host side of `/run/docker/logging` in a managed plugin, for a log driver; absent: it is in the root filesystem. */
  readonly logDirectory?: string | undefined;
  /** Host side of the propagated mount of a managed plugin; absent without one. It is mounted while the plugin runs. */
  readonly propagatedMount?: string | undefined;
  /**
   * Translate a path of the plugin's mount namespace to a path on the host, below the propagated mount or the root filesystem. No
   * link is followed out of it. Paths of legacy plugins, which share the host's mounts, and '' stay unchanged.
   * @throws {OutboardError} system, code `path-escapes`; unavailable, code `plugin-timeout`, when a filesystem that the
   *   plugin mounted does not answer
   */
  toHostPath(path: string, options?: Cancellable): Promise<string>;
  /**
   * Translate many paths with one look at the host's mounts.
   * @returns results in the order of the paths; a path that was not translated before the abort is rejected with its reason
   */
  toHostPaths(
    paths: readonly string[],
    options?: Cancellable,
  ): Promise<readonly PromiseSettledResult<string>[]>;
}

/** Look-up of plugins, and notice of their changes. */
export interface PluginDrivers {
  /**
   * Find one plugin by name, ID or unique ID prefix. A managed plugin wins over a legacy one of the same name, also
   * while it is disabled.
   * @throws {OutboardError} not-found, `plugin "NAME" not found`; conflict, `plugin NAME found but disabled`;
   *   invalid when the plugin lacks the capability, or for an ambiguous prefix
   */
  find(name: string, capability: Capability, options?: Cancellable): Promise<PluginDriver>;
  /** All plugins with a capability: enabled managed plugins, then legacy plugins whose name no managed plugin has. */
  all(capability: Capability, options?: Cancellable): Promise<readonly PluginDriver[]>;
  /** Sorted names of the enabled managed plugins with a capability, from an index. */
  enabled(capability: Capability): readonly string[];
  /**
   * Call a listener for every managed plugin with a capability whose socket accepts connections: for plugins that run already
   * after this call returns, for others when they are enabled. As in Docker, it is called again for a plugin that restarts or that
   * a new daemon recovers.
   * @param listener its errors are logged
   * @returns removes the listener
   */
  onEnabled(capability: Capability, listener: (driver: PluginDriver) => void): () => void;
  /** Call a listener with the full name of such a plugin when it is disabled, or removed while enabled. @returns removes the listener */
  onDisabled(capability: Capability, listener: (name: string) => void): () => void;
}
