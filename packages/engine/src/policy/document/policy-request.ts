/**
 * A plugin for which the policy is asked.
 */
import type { Cancellable } from '@outboard/async';
import type { Descriptor, Reference, RepositoryReader } from '@outboard/oci';
import type { PolicyTransport } from './policy-scope.ts';

/** A plugin that is about to be installed. */
export interface PolicyRequest extends Cancellable {
  /** As the operator asked for it, with tag or digest. Signatures are for this name, whatever mirror or archive has the content. */
  readonly reference: Reference;
  readonly reader: RepositoryReader;
  /** The manifest that is installed. */
  readonly manifest: Descriptor;
  /** The index out of which it was chosen. A signature of the index covers its manifests. */
  readonly index?: Descriptor | undefined;
  /** Default `docker`, a registry. */
  readonly transport?: PolicyTransport | undefined;
}
