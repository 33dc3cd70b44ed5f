/**
 * Options of operations that send requests to a registry.
 */

import type { Cancellable } from '@outboard/async';
import type { RegistryAccess } from '@outboard/oci';

/** Access to the registry, and a signal that aborts the requests. */
export interface RemoteOptions extends Cancellable {
  readonly access?: RegistryAccess | undefined;
}
