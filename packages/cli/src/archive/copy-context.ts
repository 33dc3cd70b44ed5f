/**
 * The parts that a copy takes.
 */
import type { Reference, RegistryAccess, RegistryClient } from '@outboard/oci';
import type { CommandHost } from '../command-host.ts';

/** Registries, credentials, streams and cancellation of one copy. */
export interface CopyContext {
  readonly registry: RegistryClient;
  /** The user's credentials for a repository. */
  readonly accessTo: (reference: Reference) => Promise<RegistryAccess>;
  readonly host: CommandHost;
  readonly signal: AbortSignal;
}
