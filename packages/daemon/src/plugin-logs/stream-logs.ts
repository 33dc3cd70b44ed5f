/**
 * Streams a log to one client, at the speed of the client.
 */
import type { ServerResponse } from 'node:http';
import { waitForDrain } from '@outboard/async';
import type { LogLine } from '@outboard/engine';
import { describeError } from '../http/errors.ts';
import { encodeFailure, encodeLines } from './multiplexed-stream.ts';

/**
 * Write lines until the log ends or the client disconnects. The header is sent at once; an error is the last frame.
 */
export async function streamLogs(
  response: ServerResponse,
  log: AsyncIterable<readonly LogLine[]>,
  { timestamps, signal }: { readonly timestamps: boolean; readonly signal: AbortSignal },
): Promise<void> {
  response.flushHeaders();
  try {
    for await (const lines of log) {
      if (response.write(encodeLines(lines, timestamps)) || (await waitForDrain(response, { signal })))
        continue;
      signal.throwIfAborted();
      return;
    }
  } catch (error) {
    if (!response.destroyed) response.write(encodeFailure(describeError(error).message));
  }
}
