/**
 * Progress of long operations, as facts. The receiver decides how often to show them.
 */

/** One step of an operation. Without `id` it is a message; with `id` it replaces the last step of that id. */
export interface ProgressEvent {
  readonly status: string;
  /** A tag or the first 12 hex digits of a blob. */
  readonly id?: string | undefined;
  /** Bytes done. */
  readonly current?: number | undefined;
  /** Bytes in all. */
  readonly total?: number | undefined;
  /** Data for programs, in a line of its own; the status is empty then. */
  readonly data?: object | undefined;
  /** Result of a push, for programs. */
  readonly result?: { readonly tag: string; readonly digest: string; readonly size: number } | undefined;
}

/** Called for every step, often; must return at once. */
export type ReportProgress = (event: ProgressEvent) => void;

/** The report of an operation that nobody watches. */
export function ignoreProgress(): void {}
