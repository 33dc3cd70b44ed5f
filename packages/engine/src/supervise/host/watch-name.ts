/**
 * Waits for what happens to one name in a folder.
 */
import { type FSWatcher, watch } from 'node:fs';
import { basename, dirname } from 'node:path';
import { settlesWithin, withResolvers } from '@outboard/async';

/** Whichever comes first. @throws the signal's reason */
export async function changeOrPause(
  changed: Promise<void>,
  pauseMs: number,
  signal: AbortSignal,
): Promise<void> {
  await settlesWithin(changed, pauseMs, { signal });
  signal.throwIfAborted();
}

export interface WatchedName {
  /** Resolves when something happens to the name from now on. */
  nextChange(): Promise<void>;
  close(): void;
}

/** @param path of which the folder is watched */
export function watchName(path: string): WatchedName {
  let notify: () => void = () => undefined;
  let watcher: FSWatcher | undefined;
  try {
    watcher = watch(dirname(path), { persistent: false }, (_event, name) => {
      if (name === null || name === basename(path)) notify();
    });
    // Out of inotify watches, here or below: the pauses between looks are short enough without.
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
