/**
 * Opens files of file systems that another process or machine serves, which a child process has just seen to answer. Should
 * one fall silent in between, its thread is lost until it answers: so one file is opened at a time in all, and none while an
 * open waits.
 */
import type { FileHandle } from 'node:fs/promises';
import type { Cancellable } from '@outboard/async';
import { OutboardError, showValue } from '@outboard/oci';
import { createSingleCalls } from './single-call.ts';

/** Code of errors about a file system that does not answer. */
export const silentFileSystem = 'silent-file-system';

/** Options of `openServedFile`. */
export interface OpenServedFileOptions extends Cancellable {
  readonly open: () => Promise<FileHandle>;
  /** Time for the answer in milliseconds; default 5,000. */
  readonly answerMs?: number | undefined;
}

const calls = createSingleCalls();

/**
 * @param path for messages
 * @throws {OutboardError} unavailable, code `silent-file-system`, when it does not answer in time, and at once while another
 *   open waits; system errors of `open`; the reason of the signal
 */
export async function openServedFile(path: string, options: OpenServedFileOptions): Promise<FileHandle> {
  const { open, signal, answerMs = 5_000 } = options;
  const opened = await calls.make(open, { answerMs, signal }, (handle) => handle.close());
  if (typeof opened === 'object') return opened.value;
  const reason =
    opened === 'late'
      ? 'its file system does not answer'
      : 'another file system, at which this process looks, does not answer';
  const message = `cannot look at ${showValue(path)}: ${reason}`;
  throw new OutboardError('unavailable', message, { code: silentFileSystem });
}
