/**
 * The interface that the author of a log driver implements.
 */
import type { CallContext } from '../wire/call.ts';

/** One line of a container's output. */
export interface LogEntry {
  /** `stdout` or `stderr`. */
  readonly source: string;
  /** Unix time in nanoseconds. */
  readonly timeNano: bigint;
  /** Without its line break. */
  readonly line: Uint8Array;
  /** A fragment of a line; engines cut lines after 16 KiB. Default false. */
  readonly isPartial?: boolean | undefined;
  /** Position of a fragment; engines before 18.06 send none, and the last fragment as a whole line. */
  readonly position?: FragmentPosition | undefined;
}

/** Position of a fragment in its line. */
export interface FragmentPosition {
  /** Common to all fragments of a line. */
  readonly id: string;
  /** From 1. */
  readonly ordinal: number;
  readonly isLast: boolean;
}

/** A container, as the engine describes it to its log driver. Texts are empty where the engine gives none. */
export interface LoggedContainer {
  readonly id: string;
  /** With the leading slash that Docker gives: `/web`. */
  readonly name: string;
  readonly entrypoint: string;
  readonly args: readonly string[];
  readonly imageId: string;
  readonly imageName: string;
  readonly createdAt?: Date | undefined;
  /** `NAME=value`; may hold secrets. */
  readonly env: readonly string[];
  readonly labels: ReadonlyMap<string, string>;
  /** The operator's `--log-opt key=value` options. Validate them in `openLog`: nothing does so before. */
  readonly options: ReadonlyMap<string, string>;
  readonly daemonName: string;
}

/** Entries that a reader asks for. */
export interface LogSelection {
  /** Unix time in nanoseconds of the first entry; the SDK leaves out older ones. */
  readonly sinceNano?: bigint | undefined;
  /** Unix time in nanoseconds of the last entry; the SDK leaves out newer ones, and ends there. */
  readonly untilNano?: bigint | undefined;
  /** Number of last entries to begin with; undefined for all, 0 for none. `lastEntries` picks them. */
  readonly tail?: number | undefined;
  /** Go on with entries that are written from now on, until the log is closed. */
  readonly follow: boolean;
}

/** Where the entries of one container go. */
export interface LogSink {
  /**
   * Keep one entry. Entries come one after another, and no next one before this resolves: while it waits, 64 KiB are
   * buffered, then the container blocks in its output unless it runs with `--log-opt mode=non-blocking`. If it rejects,
   * the entry is lost; the SDK reports the first failure of a row.
   */
  write(entry: LogEntry): Promise<void>;
  /** Keep what was written, and release everything. No write follows. */
  close(): Promise<void>;
}

/**
 * A log driver: it takes the output of containers, and can give it back.
 *
 * The SDK reads the pipes of engines and their frames, joins fragments to lines of up to 1 MiB, and remembers in the state
 * directory which logs are open: engines do not announce them again after a restart of the plugin. Without a state
 * directory, containers block for ever when the plugin was restarted. That file holds the environment of the containers.
 */
export interface LogDriver {
  /** Get fragments of lines as they come, in place of whole lines. Default false. */
  readonly keepsFragments?: boolean | undefined;
  /**
   * Open the log of a container. Called when it starts, which an error prevents, and after a restart of the plugin for each
   * log that is open: append then. Docker Engine waits for the time given when the plugin was enabled, 30 s by default; a
   * repeated call for an open log is answered by the SDK.
   */
  openLog(container: LoggedContainer, context: CallContext): Promise<LogSink>;
  /**
   * Read a log, of a container that runs or has ended (`docker logs`). Without this method, Docker Engine 20.10 and newer
   * keep a copy of their own to read from. An error before it resolves reaches the operator; one while the entries are
   * read only ends them.
   *
   * @param context its signal is aborted when the reader goes away: end then
   * @returns entries, oldest first; a line break is added to each
   */
  readLogs?(
    container: LoggedContainer,
    selection: LogSelection,
    context: CallContext,
  ): Promise<AsyncIterable<LogEntry>>;
}
