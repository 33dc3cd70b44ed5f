/**
 * The contract of gates: one before the calls to each managed plugin. It is open while the plugin serves. Calls that come
 * while it restarts, or while an operation has drained it, wait instead of failing.
 */
import type { Cancellable } from '@outboard/async';

/** Options of `enter()`. */
export interface GateOptions extends Cancellable {
  /** Bound on the wait in milliseconds; 0: do not wait; default 60,000, which is also the most. */
  readonly waitMs?: number | undefined;
}

/** One call under way. Dispose it when the call has ended. */
export interface GatePass extends Disposable {
  /** The answer has begun and may have no end: a drain waits for the rest of it for a short time only. */
  streaming(): void;
}

/** Bounds of a drain. */
export interface DrainOptions extends Cancellable {
  /** For calls in flight, in milliseconds; default 30,000. */
  readonly callsMs?: number | undefined;
  /** For answers that are being streamed, in milliseconds; default 5,000. */
  readonly streamsMs?: number | undefined;
}

/** A closed gate. Disposing it lets the waiting calls through, once the plugin serves. */
export interface Drain extends Disposable {
  /** Calls that had not ended within the bounds, and that stopping the plugin cuts off. */
  readonly unfinished: number;
}

/**
 * Work between the moment that a plugin accepts connections and the opening of its gate, such as mounting again what its
 * users hold. It calls the plugin past the gate.
 * @param signal aborted when the plugin ends, and after 60 s
 */
export type BeforeServing = (id: string, signal: AbortSignal) => Promise<void>;

/** The gates of all managed plugins of an engine. Disposing refuses every waiting and later call. */
export interface PluginGates extends Disposable {
  /**
   * Wait until the plugin serves, and count the call as in flight from then on.
   * @throws {OutboardError} unavailable: code `plugin-failed` or `plugin-disabled`, with the reason, at once when the plugin
   *   will not serve by itself; code `plugin-not-ready` when it does not serve within the bound; the signal's reason
   */
  enter(id: string, options?: GateOptions): Promise<GatePass>;
  /** Wait as `enter` does, without a bound of its own and without a call. @throws as `enter` */
  untilOpen(id: string, options?: Cancellable): Promise<void>;
  /**
   * Close the gate, and wait until the calls in flight have ended, within the bounds. Drains of one plugin may overlap.
   * @throws the signal's reason; the gate is open again then
   */
  drain(id: string, options?: DrainOptions): Promise<Drain>;
  /**
   * Do work for every plugin that runs from now on, before its gate opens. An error is logged and the gate opens all the
   * same. Works of one plugin run in the order in which they were added.
   * @returns removes the work
   */
  onBeforeServing(work: BeforeServing): () => void;
  /**
   * Wait until the works of the present run of the plugin are done.
   * @throws the error of the first one that failed; {OutboardError} unavailable when the plugin ended before
   */
  prepared(id: string, options?: Cancellable): Promise<void>;
}
