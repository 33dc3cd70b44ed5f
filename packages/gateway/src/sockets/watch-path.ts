/**
 * Watches a path and its parent directories.
 */
import { type FSWatcher, watch } from 'node:fs';
import { basename, dirname, join } from 'node:path';

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
  return watchLevels(path, onChange, (directory, name) => watchName(directory, name, onChange));
}

/** As `watchPath`, for a directory and every file in it. */
export function watchDirectory(path: string, onChange: () => void): PathWatch {
  return watchLevels(join(path, 'any'), onChange, (directory, name) =>
    watchName(directory, directory === path ? undefined : name, onChange),
  );
}

function watchLevels(
  path: string,
  onChange: () => void,
  watchLevel: (directory: string, name: string) => FSWatcher | undefined,
): PathWatch {
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
        const watcher = watchLevel(dirname(current), basename(current));
        if (watcher === undefined) continue;
        watcher.on('error', onChange);
        watchers.push(watcher);
      }
    },
  };
}

/**
 * @param name undefined for all names in the directory
 * @returns undefined if the directory does not exist, or the system has no inotify watch left
 */
function watchName(directory: string, name: string | undefined, onChange: () => void): FSWatcher | undefined {
  try {
    return watch(directory, { persistent: false }, (_event, changed) => {
      if (changed === null || name === undefined || changed === name) onChange();
    });
  } catch {
    // The caller checks periodically as well.
    return undefined;
  }
}
