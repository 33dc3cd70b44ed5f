/**
 * Log drivers: the interface LogDriver 1.0 of Docker's plugin protocol.
 */
import type { DriverCall } from '../driver-calls.ts';
import type { LogEntry } from './log-entry.ts';

/** What is known of a container whose output is logged. All but the ID may be left out. */
export interface LoggedContainer {
  /** The options of logging. */
  readonly options?: Readonly<Record<string, string>>;
  readonly id: string;
  readonly name?: string;
  readonly entrypoint?: string;
  readonly args?: readonly string[];
  readonly imageId?: string;
  readonly imageName?: string;
  readonly createdAt?: Date;
  /** `NAME=value`; may hold secrets. */
  readonly env?: readonly string[];
  readonly labels?: Readonly<Record<string, string>>;
  readonly logPath?: string;
  readonly daemonName?: string;
}

/** Which entries are wanted. */
export interface LogSelection {
  /** Unix time in nanoseconds; entries of that very time count. */
  readonly sinceNano?: bigint;
  /** Unix time in nanoseconds; entries of that very time count. */
  readonly untilNano?: bigint;
  /** How many of the newest; 0 for none but those to come; absent for all. */
  readonly tail?: number;
  /** Whether to go on with entries to come, until the caller stops; default false. */
  readonly follow?: boolean;
}

/** Every call throws as `PluginClient.call`. */
export interface LogDriver {
  /** @param file path of the pipe that entries come through, as the plugin sees it */
  startLogging(file: string, container: LoggedContainer, call?: DriverCall): Promise<void>;
  /** The driver answers once it has taken what is in the pipe: keep the pipe open until then, and close it then. */
  stopLogging(file: string, call?: DriverCall): Promise<void>;
  /** A driver that cannot say reads nothing. */
  capabilities(call?: DriverCall): Promise<{ readonly readsLogs: boolean }>;
  /**
   * Entries that the driver kept, oldest first, each with the line break that ends it. The call is made when the first
   * entry is asked for; stopping early ends it. Entries out of the times asked for are left out, whatever the driver
   * sends.
   *
   * The time limit is that of the driver's first sign; use the signal to end the wait for entries.
   * @throws {OutboardError} also in the middle: system, code `plugin-reply-malformed`, unavailable, code
   *   `plugin-connection-lost`
   */
  readLogs(container: LoggedContainer, selection: LogSelection, call?: DriverCall): AsyncIterable<LogEntry>;
}
