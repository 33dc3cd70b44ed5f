/**
 * Writes a log of this process's own, in the files and the form in which conmon writes those of containers, so that
 * `readLog()` reads it. Lines are collected and written together: the caller never waits for the disk.
 */
import { mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { createSerialQueue } from '@outboard/async';
import type { Logger } from 'pino';
import { isErrno } from '../linux/errno.ts';
import { currentLogPath } from './log-files.ts';
import type { LogLimits } from './log-limits.ts';
import { continueLog } from './start-log.ts';

/** Time in which lines are collected, in milliseconds. */
const collectMs = 50;

/** Lines that wait for the disk, in bytes; further ones are lost. */
const maxWaitingBytes = 1024 * 1024;

/** Parts of a `LogWriter`. */
export interface LogWriterDeps {
  /** Made when the first line is written, in a directory that exists: nothing is written below one that was removed. */
  readonly directory: string;
  readonly limits: LogLimits;
  readonly logger: Logger;
}

/** Appends lines to one log. The only writer of its directory. */
export class LogWriter {
  readonly #deps: LogWriterDeps;
  readonly #queue = createSerialQueue();
  #waiting: string[] = [];
  #waitingBytes = 0;
  #lostLines = 0;
  #timer: NodeJS.Timeout | undefined;
  #hasStarted = false;
  #hasFailed = false;

  constructor(deps: LogWriterDeps) {
    this.#deps = deps;
  }

  /**
   * Add a line; it is on disk after `flush()`, or soon.
   * @param timeNano nanoseconds since the epoch, not before the time of the last line
   * @param line without line ends
   */
  append(timeNano: bigint, line: string): void {
    // One character takes three bytes at most; a bound needs no more exactness.
    if (this.#waitingBytes + line.length > maxWaitingBytes) {
      this.#lostLines += 1;
      return;
    }
    this.#waiting.push(`${formatTimestamp(timeNano)} stdout F ${line}\n`);
    this.#waitingBytes += line.length;
    this.#timer ??= setTimeout(() => void this.flush(), collectMs).unref();
  }

  /** Write all lines that were added. A failure is logged once, and the lines are lost. */
  flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    return this.#queue.run(() => this.#write());
  }

  async #write(): Promise<void> {
    const text = this.#waiting.join('');
    this.#waiting = [];
    this.#waitingBytes = 0;
    if (text === '') return;
    try {
      await this.#writeText(text);
      this.#hasFailed = false;
    } catch (error) {
      this.#hasStarted = false;
      // The directory of a removed container.
      if (isErrno(error, 'ENOENT')) return;
      const { directory, logger } = this.#deps;
      if (!this.#hasFailed) logger.warn({ err: error, directory }, 'cannot write a log');
      this.#hasFailed = true;
    }
    this.#reportLost();
  }

  async #writeText(text: string): Promise<void> {
    const { directory, limits } = this.#deps;
    if (!this.#hasStarted) {
      await makeLogDirectory(directory);
      await continueLog(directory, limits);
      this.#hasStarted = true;
    }
    const file = await open(currentLogPath(directory), 'a', 0o600);
    try {
      await file.appendFile(text);
      if ((await file.stat()).size < limits.maxFileBytes) return;
    } finally {
      await file.close();
    }
    // Begins another file, because this one is more than half full, and removes the oldest.
    await continueLog(directory, limits);
  }

  #reportLost(): void {
    if (this.#lostLines === 0) return;
    const { directory, logger } = this.#deps;
    logger.warn({ directory, lines: this.#lostLines }, 'lines of a log were lost: the disk is too slow');
    this.#lostLines = 0;
  }
}

/** The directory and its parent, but no more: that of a removed container does not come back. */
async function makeLogDirectory(directory: string): Promise<void> {
  for (const path of [dirname(directory), directory]) {
    await mkdir(path, { mode: 0o700 }).catch((error: unknown) => {
      if (!isErrno(error, 'EEXIST')) throw error;
    });
  }
}

/** As conmon writes it; `parseTimestamp()` reads it. */
function formatTimestamp(timeNano: bigint): string {
  const second = new Date(Number(timeNano / 1_000_000n)).toISOString().slice(0, 19);
  return `${second}.${String(timeNano % 1_000_000_000n).padStart(9, '0')}+00:00`;
}
