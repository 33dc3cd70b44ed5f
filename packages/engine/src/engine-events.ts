/**
 * Tells listeners what happened to plugins and volumes, in one order that everyone sees.
 */
import type { Logger } from 'pino';
import type { Announcement, EngineEvent } from './plugin-engine-contract.ts';

export interface EngineEvents {
  /** Give it its place in time and tell it; called after what happened is on disk. */
  announce(announcement: Announcement): void;
  /** @returns stops it */
  subscribe(listener: (event: EngineEvent) => void): () => void;
}

/** @param now milliseconds since the epoch */
export function createEngineEvents(logger: Logger, now: () => number = Date.now): EngineEvents {
  const listeners = new Set<(event: EngineEvent) => void>();
  let lastNano = 0n;

  function announce(announcement: Announcement): void {
    const milliseconds = now();
    const nano = BigInt(milliseconds) * 1_000_000n;
    // Two events in one millisecond, or a clock set back, must still have an order.
    lastNano = nano > lastNano ? nano : lastNano + 1n;
    const event: EngineEvent = { ...announcement, at: new Date(milliseconds), timeNano: lastNano };
    const { type, action, id, attributes } = announcement;
    logger.info({ action, id, ...attributes }, `${type} event`);
    for (const listener of listeners) notify(listener, event);
  }

  /** What happened has happened: a listener that throws must not undo it, nor keep it from the others. */
  function notify(listener: (event: EngineEvent) => void, event: EngineEvent): void {
    try {
      listener(event);
    } catch (error) {
      logger.error({ err: error }, 'a listener of events failed');
    }
  }

  function subscribe(listener: (event: EngineEvent) => void): () => void {
    listeners.add(listener);
    return () => void listeners.delete(listener);
  }

  return { announce, subscribe };
}
