/**
 * Calls between the server and the capabilities of a plugin.
 */
import type { Message } from './message.ts';

/** Context of one call, passed to every driver method. */
export interface CallContext {
  /**
   * Aborted when the caller closes its connection or the plugin shuts down. Stop long work then: the engine's time limit
   * is 120 s (`Create`, `Mount`) or 60 s, after which it calls again.
   */
  readonly signal: AbortSignal;
}

/** Handles one call. The result is sent as JSON. */
export type CallHandler = (message: Message, context: CallContext) => Promise<object>;

/** One interface of the plugin protocol, served by a plugin. */
export interface Capability {
  /** Its name in `Plugin.Activate`, such as `VolumeDriver`. */
  readonly implements: string;
  /** Handlers by request path, such as `/VolumeDriver.Create`. */
  readonly handlers: ReadonlyMap<string, CallHandler>;
  /** Start background work. Called once, before the first call. */
  start(): void;
  /** Stop background work and wait for it. Called once, after the last call. */
  stop(): Promise<void>;
}
