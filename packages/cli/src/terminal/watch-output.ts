/**
 * Errors of output streams. Writes to a closed pipe fail after the call, possibly after the command has ended.
 */
import { promisify } from 'node:util';
import type { CommandHost, OutputStream } from '../command-host.ts';

/** The output streams of a program. */
export interface WatchedOutput {
  /** The first error of a stream; `EPIPE` when its reader has closed it. */
  failure(): Error | undefined;
  /** Wait until all writes have succeeded or failed. */
  flushed(): Promise<void>;
}

/**
 * Watch both streams until the process ends, so that a late error is not an uncaught exception.
 * @param onFailure called once, with the first error
 */
export function watchOutput(
  { stdout, stderr }: Pick<CommandHost, 'stdout' | 'stderr'>,
  onFailure: (error: Error) => void,
): WatchedOutput {
  let failure: Error | undefined;
  for (const stream of [stdout, stderr]) {
    stream.on('error', (error) => {
      if (failure !== undefined) return;
      failure = error;
      onFailure(error);
    });
  }
  return {
    failure: () => failure,
    flushed: async () => void (await Promise.all([flush(stdout), flush(stderr)])),
  };
}

/** Wait for earlier writes. The callback is also called for a failed stream. */
const flush = promisify((stream: OutputStream, done: () => void) => stream.write('', () => done()));
