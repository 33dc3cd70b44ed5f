/**
 * The one place that knows when output cannot be written. To a pipe that nobody reads any more, writes fail after the
 * call, when the command that made them may have ended.
 */
import { promisify } from 'node:util';
import type { CommandHost, OutputStream } from '../command-host.ts';

/** The outputs of a program, from its first word to its last. */
export interface WatchedOutput {
  /** The first error of an output; `EPIPE` when it has no reader. */
  failure(): Error | undefined;
  /** Wait until everything that was written is taken, or cannot be. */
  flushed(): Promise<void>;
}

/**
 * Watch both outputs until the process ends: an error that comes late must not be its end.
 * @param onFailure told of the first error, once
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

/** Called back after what was written before, also by a stream that has failed. */
const flush = promisify((stream: OutputStream, done: () => void) => stream.write('', () => done()));
