/**
 * The one option of everything that waits.
 */

/** Options of work that its caller can cancel. */
export interface Cancellable {
  /** Aborting it ends the work, which then throws the signal's reason unless it says otherwise. */
  readonly signal?: AbortSignal | undefined;
}
