/**
 * One line for each call of a plugin, kept beside the plugin's output. What a line says is up to the program that keeps
 * the record of calls.
 */
import type { Cancellable } from '@outboard/async';
import { type LogLine, type LogQuery, LogWriter, logLimits, readLog } from '@outboard/container';
import type { Logger } from 'pino';

/** Keeps lines across restarts, upgrades and crashes, until the plugin is removed. */
export interface PluginCallLines {
  /**
   * Add a line. It never waits; a line for an unknown plugin is lost, as are those of the last moments before a crash.
   * @param timeNano nanoseconds since the epoch, not before the time of the plugin's last line
   * @param line without line ends
   */
  append(id: string, timeNano: bigint, line: string): void;
  /**
   * Read lines as `PluginLogs.read` does, including the last one that was added.
   * @throws {OutboardError} not-found, from this call
   */
  read(plugin: string, query?: LogQuery, options?: Cancellable): AsyncIterable<readonly LogLine[]>;
}

/** Parts of call lines. */
export interface CallLinesDeps {
  /** Directory of the lines of a plugin; undefined for an unknown one. */
  readonly directory: (id: string) => string | undefined;
  readonly logger: Logger;
}

/** Four files of about 3 MiB: some 60,000 calls. */
const limits = logLimits({ maxBytes: 4 * 1024 * 1024, maxFiles: 4 });

/** The writers of all plugins. */
export class CallLineWriters {
  readonly #deps: CallLinesDeps;
  readonly #writers = new Map<string, LogWriter>();

  constructor(deps: CallLinesDeps) {
    this.#deps = deps;
  }

  append(id: string, timeNano: bigint, line: string): void {
    this.#writer(id)?.append(timeNano, line);
  }

  /** Read lines of one plugin, once those that wait are written. @param signal ends it */
  async *read(id: string, query: LogQuery, signal: AbortSignal): AsyncGenerator<readonly LogLine[], void> {
    await this.#writers.get(id)?.flush();
    const directory = this.#deps.directory(id);
    if (directory !== undefined) yield* readLog(directory, query, signal);
  }

  /** Write what waits for a plugin that is disabled, and forget the writer. */
  release(id: string): void {
    void this.#writers.get(id)?.flush();
    this.#writers.delete(id);
  }

  /** Write everything. */
  async flush(): Promise<void> {
    await Promise.all([...this.#writers.values()].map((writer) => writer.flush()));
  }

  #writer(id: string): LogWriter | undefined {
    const known = this.#writers.get(id);
    if (known !== undefined) return known;
    const directory = this.#deps.directory(id);
    if (directory === undefined) return undefined;
    const writer = new LogWriter({ directory, limits, logger: this.#deps.logger });
    this.#writers.set(id, writer);
    return writer;
  }
}
