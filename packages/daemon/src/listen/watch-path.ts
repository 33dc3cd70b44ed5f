/**
 * Tells when something changes on the way to a path: what lies there, or one of the directories above it.
 */
import { type FSWatcher, watch } from 'node:fs';
import { basename, dirname } from 'node:path';

/** A watch that can be set up anew, once directories on the way are others. */
export interface PathWatch {
  /** Watch the directories that there are now. */
  renew(): void;
  close(): void;
}

/**
 * Nothing is watched before the first `renew`. Does not keep this process alive.
 * @param path absolute
 * @param onChange called for each event that concerns the path; what happened is for the caller to find out
 */
export function watchPath(path: string, onChange: () => void): PathWatch {
  let watchers: FSWatcher[] = [];
  const close = (): void => {
    for (const watcher of watchers) watcher.close();
    watchers = [];
  };
  return {
    close,
    renew() {
      close();
      // A directory's own watch tells nothing when one above it is moved, so each of them is watched for the next name.
      for (let place = path; place !== dirname(place); place = dirname(place)) {
        const watcher = watchName(place, onChange);
        if (watcher !== undefined) watchers.push(watcher);
      }
    },
  };
}

/** @returns undefined when the directory is not there, or the system has no watch left */
function watchName(path: string, onChange: () => void): FSWatcher | undefined {
  const name = basename(path);
  try {
    const watcher = watch(dirname(path), { persistent: false }, (_event, changed) => {
      if (changed === null || changed === name) onChange();
    });
    watcher.on('error', onChange);
    return watcher;
  } catch {
    // The caller looks by itself from time to time.
    return undefined;
  }
}
