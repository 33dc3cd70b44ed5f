/**
 * Options of operations that read a plugin from a registry or an archive, or write to a registry.
 */

import type { Cancellable } from '@outboard/async';
import type { RegistryAccess } from '@outboard/oci';

/** Access to the registry, and a signal that aborts the requests. */
export interface RemoteOptions extends Cancellable {
  readonly access?: RegistryAccess | undefined;
  /**
   * Platform to choose from an index, such as `linux/arm64` or `linux/arm/v7`; it also permits a plugin for another
   * architecture. Default: this host's.
   */
  readonly platform?: string | undefined;
  /** ID of a staged archive: the remote is read from it instead of its registry. */
  readonly archive?: string | undefined;
}
