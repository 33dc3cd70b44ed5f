/**
 * Streams a log to one client, as fast as the client reads.
 */
import type { ServerResponse } from 'node:http';
import type { LogLine } from '@outboard/engine';
import { describeError } from '../http/errors.ts';
import { encodeFailure, encodeLines } from './multiplexed-stream.ts';

/**
 * Write lines until there are no more or the client leaves. The head is sent at once; whatever else ends the stream is told
 * in its last frame.
 */
export async function streamLogs(
  response: ServerResponse,
  log: AsyncIterable<readonly LogLine[]>,
  options: { readonly timestamps: boolean; readonly signal: AbortSignal },
): Promise<void> {
  response.flushHeaders();
  try {
    for await (const lines of log) {
      if (!response.write(encodeLines(lines, options.timestamps)))
        await untilDrained(response, options.signal);
    }
  } catch (error) {
    if (!response.destroyed) response.write(encodeFailure(describeError(error).message));
  }
}

/** @throws the reason of the signal */
async function untilDrained(response: ServerResponse, signal: AbortSignal): Promise<void> {
  await new Promise<void>((resolve) => {
    const done = (): void => {
      response.off('drain', done);
      signal.removeEventListener('abort', done);
      resolve();
    };
    response.on('drain', done);
    signal.addEventListener('abort', done);
    if (signal.aborted || !response.writableNeedDrain) done();
  });
  signal.throwIfAborted();
}
