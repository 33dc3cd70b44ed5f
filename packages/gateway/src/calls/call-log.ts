/**
 * The contract of the record of calls: who called what, when, for how long and with what result. It holds no body, no
 * option of a volume and nothing that a plugin for secrets or authorization says.
 */
import type { Cancellable } from '@outboard/async';
import type { Consumer, LogLine } from '@outboard/engine';
import type { CallLoad } from '../protection/call-guard.ts';
import type { CallOutcome } from './call-outcome.ts';
import type { CallTotals } from './call-totals.ts';

/** A plugin that is called. */
export interface CalledPlugin {
  readonly id: string;
  /** Full local name, such as `acme/p:latest`. */
  readonly name: string;
}

/** A call that has ended. */
export interface EndedCall {
  readonly plugin: CalledPlugin;
  /** Such as `VolumeDriver.Mount`: the request's target without its slash and its query. Any text. */
  readonly method: string;
  readonly consumer: Consumer;
  /** When the request came, in milliseconds since the epoch. */
  readonly startedAt: number;
  /** From the request to the end of the answer, with every wait, in milliseconds. */
  readonly durationMs: number;
  readonly outcome: CallOutcome;
  /** HTTP status of the answer; absent when there was none. */
  readonly status?: number | undefined;
  /** The error in the answer, or the reason why there was none. Any text. */
  readonly error?: string | undefined;
  /** Name of the volume that the call is about. */
  readonly volume?: string | undefined;
  /** Texts that are not to be shown, where the error repeats them: values of the volume's options. */
  readonly secrets?: readonly string[] | undefined;
  /** Sizes of the bodies. */
  readonly requestBytes: number;
  readonly answerBytes: number;
}

/** Selection of calls. */
export interface CallQuery {
  /** Name, ID or unique ID prefix; default all plugins. */
  readonly plugin?: string | undefined;
  /** Number of last calls, counted before the times; default all that are kept. */
  readonly tail?: number | undefined;
  /** Calls that ended from this time on, in nanoseconds since the epoch. */
  readonly sinceNano?: bigint | undefined;
  /** Calls that ended up to this time. */
  readonly untilNano?: bigint | undefined;
  /** Continue with new calls, until `untilNano`. */
  readonly follow?: boolean | undefined;
}

/** Records calls, and shows them. */
export interface CallLog {
  /** Record a call. Takes some microseconds, and never fails. */
  record(call: EndedCall): void;
  /**
   * Recorded calls in the order of their ends, each a JSON document in one line.
   * @throws {OutboardError} not-found, from this call; the signal's reason, while reading
   */
  read(query: CallQuery, options: Required<Cancellable>): AsyncIterable<readonly LogLine[]>;
  /** Figures since the start of this process, for metrics: of one plugin. */
  totalsOf(pluginId: string): CallTotals;
  /** Note where to read the calls of a plugin that are under way. */
  watch(pluginId: string, load: CallLoad): void;
  /** The calls of a plugin that are under way; undefined before its socket was open. */
  loadOf(pluginId: string): CallLoad | undefined;
  /** Drop the figures of a removed plugin. */
  forget(pluginId: string): void;
}
