/**
 * Watches one name in a directory.
 */
import { type FSWatcher, watch } from 'node:fs';
import { basename, dirname } from 'node:path';
import { settlesWithin, withResolvers } from '@outboard/async';

/** Wait for a change, up to `pauseMs`. @throws the signal's reason */
export async function changeOrPause(
  changed: Promise<void>,
  pauseMs: number,
  signal: AbortSignal,
): Promise<void> {
  await settlesWithin(changed, pauseMs, { signal });
  signal.throwIfAborted();
}

/** A name that is watched. */
export interface WatchedName {
  /** Resolves at the next change of the name after the call. */
  nextChange(): Promise<void>;
  close(): void;
}

/** @param path whose directory is watched; without inotify watches left there are no changes, only pauses */
export function watchName(path: string): WatchedName {
  let notify: () => void = () => undefined;
  let watcher: FSWatcher | undefined;
  try {
    watcher = watch(dirname(path), { persistent: false }, (_event, name) => {
      if (name === null || name === basename(path)) notify();
    });
    // Out of inotify watches, here or below: callers check again after a short pause.
    watcher.on('error', () => watcher?.close());
  } catch {
    watcher = undefined;
  }
  return {
    nextChange() {
      const { promise, resolve } = withResolvers<void>();
      notify = resolve;
      return promise;
    },
    close: () => watcher?.close(),
  };
}
