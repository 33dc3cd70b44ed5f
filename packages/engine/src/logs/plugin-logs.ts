/**
 * What plugins write to stdout and stderr: kept on disk, per plugin, across its runs. `createPluginLogs` makes one.
 */
import type { LogLine, LogQuery } from '@outboard/container';

/** What a plugin wrote just now. */
export interface PluginOutput {
  readonly id: string;
  /** The plugin's name. */
  readonly name: string;
  readonly lines: readonly LogLine[];
  /** Bytes of its log before these lines that were left out, since there were too many. */
  readonly skippedBytes: number;
}

export interface PluginLogs {
  /**
   * The lines of a plugin's log, oldest first, in groups. Whoever stops early stops the reading. A reader so slow that what
   * comes next is gone gets a line with `skippedBytes`, and then what there is.
   *
   * @param plugin name, ID or unique ID prefix
   * @throws {OutboardError} not-found at once; while reading the reason of the signal
   */
  read(
    plugin: string,
    query?: LogQuery,
    options?: { readonly signal?: AbortSignal },
  ): AsyncIterable<readonly LogLine[]>;
  /**
   * Be told what plugins write while they run, soon after. Of a plugin that writes more than about 10 MB/s the rest is
   * skipped. @returns stops it
   */
  onOutput(listener: (output: PluginOutput) => void): () => void;
}
