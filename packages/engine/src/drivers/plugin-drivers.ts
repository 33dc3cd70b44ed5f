/**
 * The contract of look-up by capability: from a name and what is wanted of it to a plugin that can be called, whether
 * this engine runs it or it is a legacy plugin of the host.
 * @see moby pkg/plugingetter and daemon/pkg/plugin/store.go (28.x)
 */
import type { PluginClient } from '../protocol/plugin-client.ts';

/** The capability part of an interface type: `volumedriver` of `docker.volumedriver/1.0`. */
export type Capability =
  | 'volumedriver'
  | 'networkdriver'
  | 'ipamdriver'
  | 'authz'
  | 'logdriver'
  | 'metricscollector'
  | 'secretprovider';

/** A plugin that serves a capability and can be called now. */
export interface PluginDriver {
  /** The full local name of a managed plugin, such as `acme/p:latest`; of a legacy one its file's name. */
  readonly name: string;
  /** The ID of a managed plugin; absent for a legacy one. */
  readonly pluginId?: string;
  readonly client: PluginClient;
  /**
   * From a path in the plugin's mount namespace to the same place on the host: within the propagated mount or the root
   * file system, following no link out of it. Legacy plugins share the host's: unchanged. '' stays ''.
   * @throws {OutboardError} system, code `path-escapes`
   */
  toHostPath(path: string): Promise<string>;
}

interface Cancellable {
  readonly signal?: AbortSignal;
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
  /** Be told when a plugin of a capability is enabled, after its socket accepts. @returns stops it */
  onEnabled(capability: Capability, listener: (driver: PluginDriver) => void): () => void;
  /** Be told when such a plugin was disabled or removed. @returns stops it */
  onDisabled(capability: Capability, listener: (name: string) => void): () => void;
}
