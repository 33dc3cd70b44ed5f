/**
 * Watches a path and its parent directories.
 */
import { type FSWatcher, watch } from 'node:fs';
import { basename, dirname } from 'node:path';

/** A watch that is renewed after directories of the path were replaced. */
export interface PathWatch {
  /** Watch the directories that exist now. */
  renew(): void;
  close(): void;
}

/**
 * Create a watch; it is inactive before the first `renew`. Does not keep this process alive.
 * @param path absolute
 * @param onChange called for each event of the path or a parent directory; the caller finds out what has changed
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
      // The watch of a directory reports no move of its parents, so that each directory is watched for the next name.
      for (let current = path; current !== dirname(current); current = dirname(current)) {
        const watcher = watchName(current, onChange);
        if (watcher !== undefined) watchers.push(watcher);
      }
    },
  };
}

/** @returns undefined if the directory does not exist, or the system has no inotify watch left */
function watchName(path: string, onChange: () => void): FSWatcher | undefined {
  const name = basename(path);
  try {
    const watcher = watch(dirname(path), { persistent: false }, (_event, changed) => {
      if (changed === null || changed === name) onChange();
    });
    watcher.on('error', onChange);
    return watcher;
  } catch {
    // The caller checks periodically as well.
    return undefined;
  }
}
