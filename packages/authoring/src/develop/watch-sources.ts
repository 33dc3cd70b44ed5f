/**
 * Watches the sources of a project.
 */
import { type FSWatcher, readdirSync, statSync, watch } from 'node:fs';
import { basename, join, relative } from 'node:path';
import { pause, resolveOnAbort, withResolvers } from '@outboard/async';
import { OutboardError } from '@outboard/oci';
import { type Project, projectPath } from '../build/project/project.ts';

/** Results of builds and dependencies: a build that wrote there would start the next one. */
const notSource =
  /^(?:node_modules|dist|build|target|out|coverage|__pycache__)$|^\.|~$|\.(?:tsbuildinfo|pyc|swp|tmp)$/;

/** Bound of watched directories: each is a watch of the kernel, which a user has a limited number of. */
const maxDirectories = 5_000;

/** Watches until it is disposed. */
export interface SourceWatch extends Disposable {
  /**
   * Wait for a change, and until no more follow: editors write a file in several steps. Changes since the last call count.
   * @returns paths in the project, sorted; empty when the signal was aborted
   */
  nextChange(options: { readonly signal: AbortSignal; readonly quietMs: number }): Promise<readonly string[]>;
}

/**
 * Watch the project's `watch` paths; by default everything but results of builds, dependencies and hidden files.
 * @throws {OutboardError} invalid when a path is missing, or there are too many directories
 */
export function watchSources(project: Project): SourceWatch {
  const watchers = new Map<string, FSWatcher>();
  const changed = new Set<string>();
  let first = withResolvers<void>();
  const note = (path: string): void => {
    changed.add(relative(project.directory, path));
    first.resolve();
  };

  function watchDirectory(directory: string): void {
    if (watchers.has(directory)) return;
    if (watchers.size >= maxDirectories) {
      throw new OutboardError(
        'invalid',
        `"${project.directory}" has more than ${maxDirectories} directories to watch: say in "watch" which ones are sources`,
      );
    }
    const watcher = watch(directory, (_event, name) => {
      if (name === null || notSource.test(basename(name))) return;
      const path = join(directory, name);
      note(path);
      if (isDirectory(path)) watchDirectory(path);
    });
    // A directory that was deleted has no more changes.
    watcher.on('error', () => watcher.close());
    watchers.set(directory, watcher);
    for (const entry of readdirSync(directory, { withFileTypes: true }))
      if (entry.isDirectory() && !notSource.test(entry.name)) watchDirectory(join(directory, entry.name));
  }

  for (const path of project.description.watch ?? ['.']) {
    const source = projectPath(project, path);
    if (isDirectory(source)) watchDirectory(source);
    else watchers.set(source, watchFile(source, note));
  }

  return {
    async nextChange({ signal, quietMs }) {
      await resolveOnAbort(first.promise, signal);
      for (let count = -1; count !== changed.size && !signal.aborted; ) {
        count = changed.size;
        await pause(quietMs, signal);
      }
      first = withResolvers<void>();
      const paths = signal.aborted ? [] : [...changed].sort();
      changed.clear();
      return paths;
    },
    [Symbol.dispose]() {
      for (const watcher of watchers.values()) watcher.close();
    },
  };
}

/** Watch the directory of a file: editors replace files. */
function watchFile(file: string, note: (path: string) => void): FSWatcher {
  statSync(file);
  return watch(join(file, '..'), (_event, name) => {
    if (name === basename(file)) note(file);
  });
}

function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}
