/**
 * Opens files of file systems that another process or machine serves, which a child process has just seen to answer. Should
 * one fall silent in between, its thread is lost until it answers: so one file is opened at a time in all, and none while an
 * open waits.
 */
import type { FileHandle } from 'node:fs/promises';
import { type Cancellable, createLimiter, settlesWithin } from '@outboard/async';
import { OutboardError, showValue } from '@outboard/oci';

/** Code of errors about a file system that does not answer. */
export const silentFileSystem = 'silent-file-system';

/** Options of `openServedFile`. */
export interface OpenServedFileOptions extends Cancellable {
  readonly open: () => Promise<FileHandle>;
  /** Time for the answer in milliseconds; default 5,000. */
  readonly answerMs?: number | undefined;
}

const oneAtATime = createLimiter(1);
/** True while an open waits for a file system that does not answer. */
let isHeld = false;

/**
 * @param path for messages
 * @throws {OutboardError} unavailable, code `silent-file-system`, when it does not answer in time, and at once while another
 *   open waits; system errors of `open`; the reason of the signal
 */
export async function openServedFile(path: string, options: OpenServedFileOptions): Promise<FileHandle> {
  const { open, signal, answerMs = 5_000 } = options;
  const refuse = (reason: string) =>
    new OutboardError('unavailable', `cannot look at ${showValue(path)}: ${reason}`, {
      code: silentFileSystem,
    });
  return await oneAtATime.run(
    async () => {
      if (isHeld) throw refuse('another file system, at which this process looks, does not answer');
      const opening = open();
      if (await settlesWithin(opening, answerMs, { signal })) return await opening;
      isHeld = true;
      void closeLate(opening);
      signal?.throwIfAborted();
      throw refuse('its file system does not answer');
    },
    { signal },
  );
}

async function closeLate(opening: Promise<FileHandle>): Promise<void> {
  try {
    await (await opening).close();
  } catch {
    // It answered with an error, of which the caller was told before.
  } finally {
    isHeld = false;
  }
}
