/**
 * Tells that something in a directory changed, a bounded number of times a second however often it does.
 */
import { type FSWatcher, watch } from 'node:fs';

/** For this long after a change nothing is watched, so that a plugin that floods its log costs no more than this. */
const pauseMs = 50;

/** How often to look where the system cannot watch: the directory is missing, or the watches are used up. */
const lookMs = 1_000;

/**
 * Call a listener soon after each change, and once more when the pause that follows is over. Does not keep this process
 * alive.
 * @returns ends it
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
      // Whatever the reason, a later look may find that it has passed.
      this.#pause(lookMs);
    }
  }

  #changed(nextLookMs: number): void {
    // Events that were read together are told together.
    if (this.#watcher === undefined || this.#isStopped) return;
    this.#closeWatcher();
    this.#pause(nextLookMs);
    this.#listener();
  }

  #pause(ms: number): void {
    this.#timer = setTimeout(() => {
      // First, so that what happens during the call is not missed.
      this.#watch();
      this.#listener();
    }, ms).unref();
  }

  #closeWatcher(): void {
    this.#watcher?.close();
    this.#watcher = undefined;
  }
}
