/**
 * What the server hands to a capability: one decoded call and the means to notice that nobody waits for it any more.
 */
import type { Message } from './message.ts';

/** Handed to every driver method. */
export interface CallContext {
  /**
   * Aborted when the caller hung up or the plugin shuts down. Long work should stop then: the engine gives up after
   * 120 s (`Create`, `Mount`) or 60 s and calls again.
   */
  readonly signal: AbortSignal;
}

/** Answers one call; what it returns is sent as JSON. */
export type CallHandler = (message: Message, context: CallContext) => Promise<object>;

/** A part of a plugin: what it implements, and the calls of it. */
export interface Capability {
  /** As in `Plugin.Activate`, such as `VolumeDriver`. */
  readonly implements: string;
  /** By path, such as `/VolumeDriver.Create`. */
  readonly handlers: ReadonlyMap<string, CallHandler>;
  /** Begin background work. Called once, before the first call arrives; must not wait. */
  start(): void;
  /** End background work. No call runs any more. */
  stop(): Promise<void>;
}
