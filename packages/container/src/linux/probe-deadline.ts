/**
 * Deadline that tells a slow host from a file system that does not answer. A process that waits for a dead file system
 * makes no progress at all; on a slow host it makes a little. Time therefore counts only while no process progresses.
 */
import { processProgress } from './process-progress.ts';

/** Time limit for child processes that access file systems, shared by all probes of one operation. */
export interface ProbeDeadline {
  /** Aborts at the deadline; its reason says which of the two limits was reached. */
  readonly expired: AbortSignal;
  /** Count time while this process runs. @returns function that stops it */
  watch(pid: number): () => void;
}

/** Limits of a `ProbeDeadline`. */
export interface ProbeDeadlineOptions {
  /** Longest time without progress of any watched process, in milliseconds; default 5,000. */
  readonly idleMs?: number | undefined;
  /** Upper bound for the whole operation, in milliseconds; default 20,000. */
  readonly totalMs?: number | undefined;
  /** Interval between checks, in milliseconds; default 100. */
  readonly intervalMs?: number | undefined;
}

/** The timer runs only while a process is watched, so there is nothing to close. */
export function createProbeDeadline(options: ProbeDeadlineOptions = {}): ProbeDeadline {
  return new ProgressDeadline(options);
}

class ProgressDeadline implements ProbeDeadline {
  readonly #idleMs: number;
  readonly #totalMs: number;
  readonly #intervalMs: number;
  readonly #end = new AbortController();
  readonly #watched = new Map<symbol, { readonly pid: number; progress: string | undefined }>();
  #timer: NodeJS.Timeout | undefined;
  #spentIdleMs = 0;
  #spentMs = 0;

  constructor({ idleMs = 5_000, totalMs = 20_000, intervalMs = 100 }: ProbeDeadlineOptions) {
    this.#idleMs = idleMs;
    this.#totalMs = totalMs;
    this.#intervalMs = intervalMs;
  }

  get expired(): AbortSignal {
    return this.#end.signal;
  }

  watch(pid: number): () => void {
    const key = Symbol();
    this.#watched.set(key, { pid, progress: undefined });
    if (!this.expired.aborted) this.#timer ??= setInterval(() => this.#tick(), this.#intervalMs);
    return () => {
      this.#watched.delete(key);
      if (this.#watched.size === 0) this.#stop();
    };
  }

  /** Counts ticks, not the clock: while this process is suspended, no answer could have been read. */
  #tick(): void {
    this.#spentMs += this.#intervalMs;
    this.#spentIdleMs = this.#hasProgress() ? 0 : this.#spentIdleMs + this.#intervalMs;
    if (this.#spentIdleMs >= this.#idleMs) this.#end.abort(new Error('its file system does not answer'));
    else if (this.#spentMs >= this.#totalMs) {
      this.#end.abort(new Error(`looking at it took more than ${this.#totalMs / 1000} s`));
    }
    if (this.expired.aborted) this.#stop();
  }

  #hasProgress(): boolean {
    let hasProgress = false;
    for (const entry of this.#watched.values()) {
      const progress = processProgress(entry.pid);
      if (progress === 'running' || progress !== entry.progress) hasProgress = true;
      entry.progress = progress;
    }
    return hasProgress;
  }

  #stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}
