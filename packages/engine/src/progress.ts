/**
 * Progress of long operations, as facts. How often they are shown is the business of whoever shows them.
 */

/** One step of an operation. Without `id` it is a message; with `id` it replaces the last step of that id. */
export interface ProgressEvent {
  readonly status: string;
  /** A tag or the first 12 hex digits of a blob. */
  readonly id?: string;
  /** Bytes done. */
  readonly current?: number;
  /** Bytes in all. */
  readonly total?: number;
  /** Facts for programs, not for people: what a push stored. */
  readonly result?: { readonly tag: string; readonly digest: string; readonly size: number };
}

/** Called for every step, often; must return at once. */
export type ReportProgress = (event: ProgressEvent) => void;
