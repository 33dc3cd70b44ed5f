/**
 * The contract of look-up among legacy plugins, which the host runs and no engine manages.
 */
import type { Cancellable } from '@outboard/async';
import type { Capability, PluginDriver } from './plugin-drivers.ts';

/** Legacy plugins as drivers. Disposing closes the connections to them. */
export interface LegacyDrivers extends AsyncDisposable {
  /**
   * Find one plugin by name.
   * @returns undefined when there is no legacy plugin of the name
   * @throws {OutboardError} invalid when it does not implement the capability or its spec file is wrong; as
   *   `PluginClient.call` when it cannot be asked
   */
  find(name: string, capability: Capability, options?: Cancellable): Promise<PluginDriver | undefined>;
  /** Plugins that answer and have a capability, sorted by name; failures are logged. @param isHidden names to leave out */
  all(
    capability: Capability,
    isHidden: (name: string) => boolean,
    options?: Cancellable,
  ): Promise<readonly PluginDriver[]>;
}
