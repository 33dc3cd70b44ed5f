/**
 * Finds out whether the OCI runtime has started a command: it writes the command's pid into a file then.
 */
import { existsSync, watch } from 'node:fs';
import { join } from 'node:path';
import { withResolvers } from '@outboard/async';

export interface StartWatch {
  /** Resolves with true when the command runs, with false when it was given up before that. */
  readonly started: Promise<boolean>;
  /** The runtime has ended: look a last time. */
  close(): void;
}

/** @param directory where the runtime writes `file`, under another name first */
export function watchStart(directory: string, file: string): StartWatch {
  const path = join(directory, file);
  const { promise: started, resolve: settle } = withResolvers<boolean>();
  const look = (): void => {
    if (existsSync(path)) settle(true);
  };
  const watcher = watch(directory, look);
  // Its end will tell, if nothing else does.
  watcher.on('error', () => watcher.close());
  look();
  void started.then(() => watcher.close());
  return {
    started,
    close() {
      look();
      settle(false);
    },
  };
}
