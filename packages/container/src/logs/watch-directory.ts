/**
 * Reports changes in a directory, at a bounded rate.
 */
import { type FSWatcher, watch } from 'node:fs';

/** Pause after a change, so that a container that floods its log costs no more CPU time. */
const pauseMs = 50;

/** Interval of checks where inotify is not available: the directory is missing, or no watches are left. */
const lookMs = 1_000;

/**
 * Call a listener soon after each change, and once more after the pause that follows. Does not keep this process
 * alive.
 * @returns function that stops it
 */
export function watchDirectory(path: string, listener: () => void): () => void {
  const directory = new WatchedDirectory(path, listener);
  return () => directory.stop();
}

class WatchedDirectory {
  readonly #path: string;
  readonly #listener: () => void;
  #watcher: FSWatcher | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isStopped = false;

  constructor(path: string, listener: () => void) {
    this.#path = path;
    this.#listener = listener;
    this.#watch();
  }

  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    this.#closeWatcher();
  }

  #watch(): void {
    try {
      this.#watcher = watch(this.#path, { persistent: false }, () => this.#changed(pauseMs));
      this.#watcher.on('error', () => this.#changed(lookMs));
    } catch {
      // Whatever the reason, a later check may succeed.
      this.#pause(lookMs);
    }
  }

  #changed(nextLookMs: number): void {
    // Events that were read together are reported together.
    if (this.#watcher === undefined || this.#isStopped) return;
    this.#closeWatcher();
    this.#pause(nextLookMs);
    this.#listener();
  }

  #pause(ms: number): void {
    this.#timer = setTimeout(() => {
      // Watch first, so that changes during the call are not missed.
      this.#watch();
      this.#listener();
    }, ms).unref();
  }

  #closeWatcher(): void {
    this.#watcher?.close();
    this.#watcher = undefined;
  }
}
