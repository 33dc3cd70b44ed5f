/**
 * Sends archives at the speed of the client, which keeps content and the process that makes the archive from their other uses.
 */
import type { Writable } from 'node:stream';
import { type Cancellable, joinSignals, waitForDrain } from '@outboard/async';
import { HttpError } from './errors.ts';

/** Time for the client to take a piece of half a mebibyte at most: five minutes, in which a line of 2 KiB/s does it. */
const defaultStallMs = 5 * 60_000;

/** Options of `sendArchive`. */
export interface SendArchiveOptions extends Cancellable {
  /** Time for the client to take what was written, in milliseconds. */
  readonly stallMs?: number | undefined;
}

/**
 * Write an archive into a response, which stays open.
 * @throws {HttpError} 408 when the client takes nothing for too long, 400 when it goes away; the errors of the archive
 */
export async function sendArchive(
  archive: AsyncIterable<Buffer>,
  response: Writable,
  { signal, stallMs = defaultStallMs }: SendArchiveOptions = {},
): Promise<void> {
  for await (const chunk of archive) {
    if (response.write(chunk)) continue;
    using limit = joinSignals([signal], { timeoutMs: stallMs });
    if (await waitForDrain(response, limit)) continue;
    if (limit.signal.aborted && !signal?.aborted && !response.destroyed) {
      throw new HttpError(408, `the client took nothing of the archive for ${stallMs / 1000} seconds`);
    }
    throw new HttpError(400, 'the client went away before the archive was complete');
  }
}
