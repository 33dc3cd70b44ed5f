/**
 * Findings of a check of the data root, and their sums.
 */
import type { Cancellable } from '@outboard/async';
import type { Reference, RegistryAccess } from '@outboard/oci';
import type { ReportProgress } from '../../observe/progress.ts';

/** One thing that is not as it was written. */
export interface DataFinding {
  /**
   * `record`: what the engine knows about a plugin. `state`: a file beside a record, or one of the whole data root. `blob`: stored
   * content. `rootfs`: the root filesystem of a plugin. `leftover`: nothing uses it.
   */
  readonly subject: 'record' | 'state' | 'blob' | 'rootfs' | 'leftover';
  /** `error`: something is damaged or lost. `note`: nothing is, and an operator may want to know it. */
  readonly severity: 'error' | 'note';
  /** The plugin that it concerns; absent for the data root as a whole. */
  readonly plugin?: { readonly id: string; readonly name: string } | undefined;
  /** Path on the host. */
  readonly path: string;
  /** Fault, present or repaired. */
  readonly problem: string;
  /** True when this check has mended it. */
  readonly isRepaired: boolean;
  /** Remedy, or the loss of the repair; empty when there is neither. */
  readonly remedy: string;
}

/** Request of a check. */
export interface DataCheckRequest extends Cancellable {
  /** Names or IDs of plugins; default all, and what belongs to none. */
  readonly plugins?: readonly string[] | undefined;
  /** Mend what can be mended; default false: nothing is changed. */
  readonly repair?: boolean | undefined;
  /** Read no content: blobs are there and have their sizes, root filesystems are there. Default false. */
  readonly quick?: boolean | undefined;
  /**
   * Everything in a root filesystem that its layers do not hold counts as damage, also what a plugin may have written itself.
   * Default false.
   */
  readonly strict?: boolean | undefined;
  /** Credentials by registry, for blobs that are fetched again. */
  readonly accessTo?: ((reference: Reference) => RegistryAccess | undefined) | undefined;
  readonly onFinding?: ((finding: DataFinding) => void) | undefined;
  readonly onProgress?: ReportProgress | undefined;
}

/** Sums of a check. */
export interface DataCheckReport {
  readonly plugins: number;
  /** Distinct blobs, and the bytes of those that were read. */
  readonly blobs: number;
  readonly bytes: number;
  /** Root filesystems that were compared with their layers. */
  readonly trees: number;
  /** Errors, those that were repaired included. */
  readonly errors: number;
  readonly repaired: number;
  readonly notes: number;
}
