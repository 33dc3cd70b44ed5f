/**
 * Tells a slow host from a file system that does not answer. A process that waits for such a file system does nothing at
 * all; on a host that is merely slow it goes on, however little at a time. So time counts only while nothing goes on.
 */
import { processProgress } from './process-progress.ts';

/** How long to wait for processes that look at file systems. Shared by all looks of one operation. */
export interface ProbeDeadline {
  /** Aborted when it is used up; its reason says which of the two bounds was reached. */
  readonly expired: AbortSignal;
  /** Count on behalf of a process until the returned function is called. */
  watch(pid: number): () => void;
}

export interface ProbeDeadlineOptions {
  /** How long none of the processes may make progress, in milliseconds; default 5,000. */
  readonly idleMs?: number;
  /** Upper bound for all of it, in milliseconds; default 20,000. */
  readonly totalMs?: number;
  /** How often to look, in milliseconds; default 100. */
  readonly intervalMs?: number;
}

/** It runs while a process is watched, so nothing has to be closed. */
export function createProbeDeadline(options: ProbeDeadlineOptions = {}): ProbeDeadline {
  const { idleMs = 5_000, totalMs = 20_000, intervalMs = 100 } = options;
  const end = new AbortController();
  const watched = new Map<symbol, { readonly pid: number; progress: string | undefined }>();
  let timer: NodeJS.Timeout | undefined;
  let idle = 0;
  let total = 0;

  // Counts its own runs and not the clock: while this process stands still itself, no one can have answered it.
  function tick(): void {
    total += intervalMs;
    idle = madeProgress() ? 0 : idle + intervalMs;
    if (idle >= idleMs) end.abort(new Error('its file system does not answer'));
    else if (total >= totalMs) end.abort(new Error(`looking at it took more than ${totalMs / 1000} s`));
    if (end.signal.aborted) stop();
  }

  function madeProgress(): boolean {
    let isProgress = false;
    for (const entry of watched.values()) {
      const progress = processProgress(entry.pid);
      if (progress === 'running' || progress !== entry.progress) isProgress = true;
      entry.progress = progress;
    }
    return isProgress;
  }

  function stop(): void {
    clearInterval(timer);
    timer = undefined;
  }

  return {
    expired: end.signal,
    watch(pid) {
      const key = Symbol();
      watched.set(key, { pid, progress: undefined });
      if (!end.signal.aborted) timer ??= setInterval(tick, intervalMs);
      return () => {
        watched.delete(key);
        if (watched.size === 0) stop();
      };
    },
  };
}
