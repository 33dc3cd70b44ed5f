/**
 * The contract of plugin logs: stdout and stderr of each plugin, kept on disk across its runs.
 */
import type { Cancellable } from '@outboard/async';
import type { LogLine, LogQuery } from '@outboard/container';
import type { PluginCallLines } from './plugin-call-lines.ts';

/** New output of a plugin. */
export interface PluginOutput {
  readonly id: string;
  /** The plugin's name. */
  readonly name: string;
  readonly lines: readonly LogLine[];
  /** Bytes directly before these lines that were skipped because the plugin wrote too much. */
  readonly skippedBytes: number;
}

/** Reads plugin logs. */
export interface PluginLogs {
  /**
   * Read the lines of a plugin's log in batches, oldest first. Stopping the iteration stops the reading. A reader that is too slow
   * gets a line with `skippedBytes` in place of lines that were deleted meanwhile.
   *
   * @param plugin name, ID or unique ID prefix
   * @throws {OutboardError} not-found, from this call; the signal's reason, while reading
   */
  read(plugin: string, query?: LogQuery, options?: Cancellable): AsyncIterable<readonly LogLine[]>;
  /**
   * Call a listener with new output of running plugins. Output beyond about 10 MB/s of one plugin is skipped.
   * @returns removes the listener
   */
  onOutput(listener: (output: PluginOutput) => void): () => void;
  /** The record of the calls of plugins. */
  readonly calls: PluginCallLines;
}
