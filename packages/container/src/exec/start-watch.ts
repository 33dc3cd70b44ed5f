/**
 * Watches for the start of a command: the OCI runtime writes its pid into a file then.
 */
import { existsSync, watch } from 'node:fs';
import { join } from 'node:path';
import { withResolvers } from '@outboard/async';

/** Watch for the start of a command. */
export interface StartWatch {
  /** Resolves with true when the command runs, with false when it was closed before. */
  readonly started: Promise<boolean>;
  /** Check a last time, after the runtime ended. */
  close(): void;
}

/** Watch for a file. @param directory in which the runtime writes it, first under another name */
export function watchStart(directory: string, file: string): StartWatch {
  const path = join(directory, file);
  const { promise: started, resolve: settle } = withResolvers<boolean>();
  const check = (): void => {
    if (existsSync(path)) settle(true);
  };
  const watcher = watch(directory, check);
  // The end of the runtime is reported by `close`.
  watcher.on('error', () => watcher.close());
  check();
  void started.then(() => watcher.close());
  return {
    started,
    close() {
      check();
      settle(false);
    },
  };
}
