/**
 * The contract of look-up by capability: from a name and what is wanted of it to a plugin that can be called, whether
 * this engine runs it or it is a legacy plugin of the host.
 * @see moby pkg/plugingetter and daemon/pkg/plugin/store.go (28.x)
 */
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

interface Cancellable {
  readonly signal?: AbortSignal;
}

/** A plugin that serves a capability and can be called now. */
export interface PluginDriver {
  /** The full local name of a managed plugin, such as `acme/p:latest`; of a legacy one its file's name. */
  readonly name: string;
  /** The ID of a managed plugin; absent for a legacy one. */
  readonly pluginId?: string;
  /**
   * Shared by all who look the plugin up: disposing of it does nothing. Calls fail once the plugin is disabled; it is the
   * same object until then.
   */
  readonly client: PluginClient;
  /**
   * From a path in the plugin's mount namespace to the same place on the host: within the propagated mount or the root
   * file system, following no link out of it. Legacy plugins share the host's: unchanged. '' stays ''.
   * @throws {OutboardError} system, code `path-escapes`; unavailable, code `plugin-timeout`, when a file system that the
   *   plugin mounted does not answer
   */
  toHostPath(path: string, options?: Cancellable): Promise<string>;
  /**
   * The same for many paths, with the host looked at once for all of them.
   * @returns in the order of the paths; those not looked up before the signal was aborted are rejected with its reason
   */
  toHostPaths(
    paths: readonly string[],
    options?: Cancellable,
  ): Promise<readonly PromiseSettledResult<string>[]>;
}

export interface PluginDrivers {
  /**
   * Find one plugin by name, ID or unique ID prefix. A managed plugin wins over a legacy one of the same name, also
   * while it is disabled.
   * @throws {OutboardError} not-found, `plugin "NAME" not found`; conflict, `plugin NAME found but disabled`;
   *   invalid when the plugin does not serve the capability; invalid for an ambiguous prefix
   */
  find(name: string, capability: Capability, options?: Cancellable): Promise<PluginDriver>;
  /** Every plugin that serves a capability now: enabled managed ones, then legacy ones that no managed one hides. */
  all(capability: Capability, options?: Cancellable): Promise<readonly PluginDriver[]>;
  /** Names of enabled managed plugins of a capability, sorted; by an index, without a scan. */
  enabled(capability: Capability): readonly string[];
  /**
   * Be told of every managed plugin of a capability whose socket accepts: soon of those that run already, then of each
   * that is enabled, and, as in Docker, again of each that was restarted or taken back by a new daemon.
   * @param listener is told by the same name more than once; what it throws is logged
   * @returns stops it
   */
  onEnabled(capability: Capability, listener: (driver: PluginDriver) => void): () => void;
  /** Be told the full name of such a plugin when it was disabled, or removed while it was enabled. @returns stops it */
  onDisabled(capability: Capability, listener: (name: string) => void): () => void;
}
