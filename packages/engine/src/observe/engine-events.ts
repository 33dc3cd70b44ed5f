/**
 * Events of plugins and volumes, in one order that every listener sees.
 */
import type { Logger } from 'pino';

/** One thing that happened to a plugin or a volume, in the terms of Docker's `/events`. */
export type Announcement =
  | {
      readonly type: 'plugin';
      /** `oom`: the kernel killed a process of the plugin for lack of memory. */
      readonly action: 'create' | 'pull' | 'enable' | 'disable' | 'remove' | 'oom';
      /** The plugin's ID; for `pull` the remote reference in familiar form. */
      readonly id: string;
      /** `name` is the plugin's full local name. */
      readonly attributes: { readonly name: string };
    }
  | {
      readonly type: 'volume';
      readonly action: 'create' | 'mount' | 'unmount' | 'destroy' | 'prune';
      /** The volume's name; '' for `prune`. */
      readonly id: string;
      /** Docker's: `driver` for all but `prune`, which has `reclaimed` in bytes. Never options: they may hold secrets. */
      readonly attributes: Readonly<Record<string, string>>;
    };

/** An announcement with its time. */
export type EngineEvent = Announcement & {
  readonly at: Date;
  /** Nanoseconds since the epoch; strictly increasing, so that it orders events. */
  readonly timeNano: bigint;
};

/** Called for every event, in order; an error that it throws is logged. */
export type EventListener = (event: EngineEvent) => void;

/** The events of one engine. */
export interface EngineEvents {
  /** Add the time and call the listeners. Called after the change is on disk. */
  announce(announcement: Announcement): void;
  /** Call a listener for every event from now on. @returns removes the listener */
  subscribe(listener: EventListener): () => void;
}

/** @param now milliseconds since the epoch */
export function createEngineEvents(logger: Logger, now: () => number = Date.now): EngineEvents {
  const listeners = new Set<EventListener>();
  let lastNano = 0n;

  function announce(announcement: Announcement): void {
    const milliseconds = now();
    const nano = BigInt(milliseconds) * 1_000_000n;
    // Two events in one millisecond, or a clock set back, still need an order.
    lastNano = nano > lastNano ? nano : lastNano + 1n;
    const event: EngineEvent = { ...announcement, at: new Date(milliseconds), timeNano: lastNano };
    const { type, action, id, attributes } = announcement;
    logger.info({ action, id, ...attributes }, `${type} event`);
    for (const listener of listeners) notify(listener, event);
  }

  /** The change is made already: an error of one listener must reach neither the operation nor other listeners. */
  function notify(listener: EventListener, event: EngineEvent): void {
    try {
      listener(event);
    } catch (error) {
      logger.error({ err: error }, 'a listener of events failed');
    }
  }

  function subscribe(listener: EventListener): () => void {
    listeners.add(listener);
    return () => void listeners.delete(listener);
  }

  return { announce, subscribe };
}
