/**
 * Keeps one plugin's log while the plugin runs: links what conmon begins, removes what is too much, and hands on what is
 * written.
 */

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

/** When more than this is waiting to be handed on, most of it is skipped, in bytes. */
const maxWaitingBytes = 256 * 1024;

/** Of what was skipped, this much of its end is handed on all the same, in bytes. */
const keptBytes = 16 * 1024;

/** Lines that were written since the last call. */
export interface LogOutput {
  readonly lines: readonly LogLine[];
  /** Bytes of the log before these lines that were left out, since there were too many. */
  readonly skippedBytes: number;
}

/** Parts of a `LogKeeper`. */
export interface LogKeeperDeps {
  readonly directory: string;
  readonly limits: LogLimits;
  /** Who is told what is written; undefined while nobody is: it is not read then. */
  readonly output: () => ((output: LogOutput) => void) | undefined;
  readonly logger: Logger;
  /** What has to be over first: an earlier keeper of the same log that is closing. */
  readonly after?: Promise<void> | undefined;
}

/** Works from its making until it is closed. */
export class LogKeeper {
  readonly #parts: LogKeeperDeps;
  #unwatch: () => void;
  #limits: LogLimits;
  /** Everything that changes the files, one after the other. */
  #work: Promise<void>;
  #isQueued = false;
  #hasFailed = false;
  #cursor: LogCursor | undefined;

  constructor(parts: LogKeeperDeps) {
    this.#parts = parts;
    this.#limits = parts.limits;
    this.#work = parts.after ?? Promise.resolve();
    this.#unwatch = this.#watch();
    this.look();
  }

  /** Ready the log for a run, after all that was begun before. */
  async startRun(limits: LogLimits): Promise<LogDestination> {
    this.#limits = limits;
    const started = this.#work.then(async () => {
      const place = await startLog(this.#parts.directory, limits);
      // Until now there may have been nothing to watch.
      this.#unwatch();
      this.#unwatch = this.#watch();
      return place;
    });
    this.#work = started.then(
      () => undefined,
      // Reported to whoever waits for it.
      () => undefined,
    );
    return started;
  }

  /** Take in what was written last, and end. */
  async close(): Promise<void> {
    this.#unwatch();
    this.look();
    await this.#work;
    await this.#cursor?.release();
  }

  #watch(): () => void {
    return watchDirectory(this.#parts.directory, () => this.look());
  }

  /** Look at the log soon. Called when something may be new. */
  look(): void {
    if (this.#isQueued) return;
    this.#isQueued = true;
    this.#work = this.#work.then(async () => {
      this.#isQueued = false;
      try {
        await this.#takeIn();
        this.#hasFailed = false;
      } catch (error) {
        await this.#failed(error);
      }
    });
  }

  /** The plugin does not depend on its log, and the next look may find what was wrong mended. */
  async #failed(error: unknown): Promise<void> {
    const { directory, logger } = this.#parts;
    // Told once: a plugin that writes makes for many looks.
    if (!this.#hasFailed) logger.warn({ err: error, directory }, 'cannot keep a log');
    this.#hasFailed = true;
    await this.#cursor?.release();
    this.#cursor = undefined;
  }

  async #takeIn(): Promise<void> {
    const { directory } = this.#parts;
    const files = await settleLogFiles(directory, this.#limits);
    if (files.length > 0) await keepNextFile(directory);
    // What was written before this keeper came is old.
    this.#cursor ??= new LogCursor({ directory, start: endOfLog(files) });
    const output = this.#parts.output();
    if (output !== undefined) await handOn(this.#cursor, files, output);
  }
}

/** Hand on all that is new in these files, or the end of it when that is too much. */
async function handOn(
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
  // What comes while this reads is for the next look.
  const end = endOfLog(files);
  for (let isAtEnd = false; !isAtEnd && comparePositions(cursor.position, end) < 0; ) {
    const read = await cursor.read(skippedBytes > 0 ? keptBytes : maxWaitingBytes);
    if (read.lines.length > 0 || skippedBytes > 0) output({ lines: read.lines, skippedBytes });
    skippedBytes = 0;
    isAtEnd = read.isAtEnd;
  }
  // Not one open file for each plugin that runs.
  await cursor.release();
}

function bytesAfter(position: LogPosition, files: readonly LogFile[]): number {
  return files.reduce((sum, { number, size }) => {
    if (number < position.file) return sum;
    return sum + Math.max(0, number === position.file ? size - position.offset : size);
  }, 0);
}
