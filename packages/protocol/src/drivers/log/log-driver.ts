/**
 * Log drivers: the interface LogDriver 1.0 of Docker's plugin protocol.
 */
import type { DriverCall } from '../driver-calls.ts';
import type { LogEntry } from './log-entry.ts';

/** A container whose output is logged. Only the ID is required. */
export interface LoggedContainer {
  /** The user's log options. */
  readonly options?: Readonly<Record<string, string>> | undefined;
  readonly id: string;
  readonly name?: string | undefined;
  readonly entrypoint?: string | undefined;
  readonly args?: readonly string[] | undefined;
  readonly imageId?: string | undefined;
  readonly imageName?: string | undefined;
  readonly createdAt?: Date | undefined;
  /** `NAME=value`; may hold secrets. */
  readonly env?: readonly string[] | undefined;
  readonly labels?: Readonly<Record<string, string>> | undefined;
  readonly logPath?: string | undefined;
  readonly daemonName?: string | undefined;
}

/** The log entries to read. */
export interface LogSelection {
  /** Unix time in nanoseconds, inclusive. */
  readonly sinceNano?: bigint | undefined;
  /** Unix time in nanoseconds, inclusive. */
  readonly untilNano?: bigint | undefined;
  /** Number of newest entries; 0 for new entries only; default all. */
  readonly tail?: number | undefined;
  /** Continues with new entries until the caller stops; default false. */
  readonly follow?: boolean | undefined;
}

/** A log driver. Every method throws as `PluginClient.call`. */
export interface LogDriver {
  /** @param file path of the FIFO with the entries, in the plugin's mount namespace */
  startLogging(file: string, container: LoggedContainer, call?: DriverCall): Promise<void>;
  /** The driver replies once it has read the FIFO to its end: keep the FIFO open until then. */
  stopLogging(file: string, call?: DriverCall): Promise<void>;
  /** A driver that does not report capabilities cannot read logs. */
  capabilities(call?: DriverCall): Promise<{ readonly readsLogs: boolean }>;
  /**
   * Entries that the driver has stored, oldest first, each with its line break. The call is made when the first entry
   * is read; leaving the loop early ends it. Entries outside the selected times are left out, whatever the driver
   * sends.
   *
   * The time limit covers the time until the driver replies; use the signal to end the wait for entries.
   * @throws {OutboardError} also while reading: system, code `plugin-reply-malformed`, unavailable, code
   *   `plugin-connection-lost`
   */
  readLogs(container: LoggedContainer, selection: LogSelection, call?: DriverCall): AsyncIterable<LogEntry>;
}
