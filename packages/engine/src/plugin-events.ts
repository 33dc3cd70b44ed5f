/**
 * Tells listeners what happened to plugins, in one order that everyone sees.
 */
import type { Logger } from 'pino';
import type { PluginEvent } from './plugin-engine-contract.ts';

export interface PluginEvents {
  announce(action: PluginEvent['action'], id: string, name: string): void;
  /** @returns stops it */
  subscribe(listener: (event: PluginEvent) => void): () => void;
}

/** @param now milliseconds since the epoch */
export function createPluginEvents(logger: Logger, now: () => number = Date.now): PluginEvents {
  const listeners = new Set<(event: PluginEvent) => void>();
  let lastNano = 0n;

  function announce(action: PluginEvent['action'], id: string, name: string): void {
    const milliseconds = now();
    const nano = BigInt(milliseconds) * 1_000_000n;
    // Two events in one millisecond, or a clock set back, must still have an order.
    lastNano = nano > lastNano ? nano : lastNano + 1n;
    const event: PluginEvent = { action, id, name, at: new Date(milliseconds), timeNano: lastNano };
    logger.info({ action, id, name }, 'plugin event');
    for (const listener of listeners) notify(listener, event);
  }

  /** What happened has happened: a listener that throws must not undo it, nor keep it from the others. */
  function notify(listener: (event: PluginEvent) => void, event: PluginEvent): void {
    try {
      listener(event);
    } catch (error) {
      logger.error({ err: error }, 'a listener of plugin events failed');
    }
  }

  function subscribe(listener: (event: PluginEvent) => void): () => void {
    listeners.add(listener);
    return () => void listeners.delete(listener);
  }

  return { announce, subscribe };
}
