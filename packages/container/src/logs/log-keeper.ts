/**
 * Maintains the log of one container while it runs: links new files of conmon, removes old ones, and passes new lines
 * to a listener.
 */

import { createSerialQueue } from '@outboard/async';
import type { Logger } from 'pino';
import type { LogLine } from './line-joiner.ts';
import { LogCursor } from './log-cursor.ts';
import {
  comparePositions,
  endOfLog,
  keepNextFile,
  type LogFile,
  type LogPosition,
  settleLogFiles,
} from './log-files.ts';
import type { LogLimits } from './log-limits.ts';
import { type LogDestination, startLog } from './start-log.ts';
import { watchDirectory } from './watch-directory.ts';

/** Maximum backlog in bytes; most of a larger one is skipped. */
const maxWaitingBytes = 256 * 1024;

/** Size of the end of a skipped backlog that is passed on nevertheless, in bytes. */
const keptBytes = 16 * 1024;

/** Lines that were written since the last call. */
export interface LogOutput {
  readonly lines: readonly LogLine[];
  /** Bytes of the log before these lines that were skipped because of the backlog. */
  readonly skippedBytes: number;
}

/** Parts of a `LogKeeper`. */
export interface LogKeeperDeps {
  readonly directory: string;
  readonly limits: LogLimits;
  /** Listener for new lines; while it is undefined, the log is not read. */
  readonly output: () => ((output: LogOutput) => void) | undefined;
  readonly logger: Logger;
  /** Work to wait for first, such as the close of an earlier keeper of the same log. */
  readonly after?: Promise<void> | undefined;
}

/** Maintains a log until it is closed. */
export class LogKeeper {
  readonly #deps: LogKeeperDeps;
  #unwatch: () => void;
  #limits: LogLimits;
  /** Changes of the files, in turn. */
  readonly #queue = createSerialQueue();
  #isQueued = false;
  #hasFailed = false;
  #cursor: LogCursor | undefined;

  constructor(deps: LogKeeperDeps) {
    this.#deps = deps;
    this.#limits = deps.limits;
    const { after } = deps;
    if (after !== undefined) void this.#queue.run(() => after);
    this.#unwatch = this.#watch();
    this.check();
  }

  /** Prepare the log for a run, after all pending work. */
  async startRun(limits: LogLimits): Promise<LogDestination> {
    this.#limits = limits;
    return this.#queue.run(async () => {
      const destination = await startLog(this.#deps.directory, limits);
      // The directory may not have existed before.
      this.#unwatch();
      this.#unwatch = this.#watch();
      return destination;
    });
  }

  /** Process the last output, and stop. */
  async close(): Promise<void> {
    this.#unwatch();
    this.check();
    await this.#queue.run(async () => this.#cursor?.release());
  }

  #watch(): () => void {
    return watchDirectory(this.#deps.directory, () => this.check());
  }

  /** Schedule a check of the log, when it may have changed. */
  check(): void {
    if (this.#isQueued) return;
    this.#isQueued = true;
    void this.#queue.run(async () => {
      this.#isQueued = false;
      try {
        await this.#process();
        this.#hasFailed = false;
      } catch (error) {
        await this.#failed(error);
      }
    });
  }

  /** A failure does not affect the container, and the next check may succeed. */
  async #failed(error: unknown): Promise<void> {
    const { directory, logger } = this.#deps;
    // Logged once: a container that writes causes many checks.
    if (!this.#hasFailed) logger.warn({ err: error, directory }, 'cannot keep a log');
    this.#hasFailed = true;
    await this.#cursor?.release();
    this.#cursor = undefined;
  }

  async #process(): Promise<void> {
    const { directory } = this.#deps;
    const files = await settleLogFiles(directory, this.#limits);
    if (files.length > 0) await keepNextFile(directory);
    // Output before the first check is not new.
    this.#cursor ??= new LogCursor({ directory, start: endOfLog(files) });
    const output = this.#deps.output();
    if (output !== undefined) await passOn(this.#cursor, files, output);
  }
}

/** Pass on all new lines in these files, or the end of them when the backlog is too large. */
async function passOn(
  cursor: LogCursor,
  files: readonly LogFile[],
  output: (output: LogOutput) => void,
): Promise<void> {
  const [first] = files;
  if (first !== undefined && cursor.position.file < first.number) {
    await cursor.moveTo({ file: first.number, offset: 0 });
  }
  const waiting = bytesAfter(cursor.position, files);
  let skippedBytes = 0;
  const last = files.at(-1);
  if (waiting > maxWaitingBytes && last !== undefined) {
    const position = { file: last.number, offset: Math.max(0, last.size - keptBytes) };
    skippedBytes = waiting - (last.size - position.offset);
    await cursor.moveTo(position);
  }
  // Output during this read is left to the next check.
  const end = endOfLog(files);
  for (let isAtEnd = false; !isAtEnd && comparePositions(cursor.position, end) < 0; ) {
    const read = await cursor.read(skippedBytes > 0 ? keptBytes : maxWaitingBytes);
    if (read.lines.length > 0 || skippedBytes > 0) output({ lines: read.lines, skippedBytes });
    skippedBytes = 0;
    isAtEnd = read.isAtEnd;
  }
  // Released, so that a container does not hold a file open.
  await cursor.release();
}

function bytesAfter(position: LogPosition, files: readonly LogFile[]): number {
  return files.reduce((sum, { number, size }) => {
    if (number < position.file) return sum;
    return sum + Math.max(0, number === position.file ? size - position.offset : size);
  }, 0);
}
