/**
 * Events of plugins and volumes, in one order that every listener sees.
 */
import { type Clock, createListeners, systemClock } from '@outboard/async';
import type { Logger } from 'pino';

/** One thing that happened to a plugin or a volume, in the terms of Docker's `/events`. */
export type Announcement =
  | {
      readonly type: 'plugin';
      /** `oom`: the kernel killed a process of the plugin for lack of memory. */
      readonly action: 'create' | 'pull' | 'rollback' | 'enable' | 'disable' | 'remove' | 'oom';
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

/** Start without listeners. */
export function createEngineEvents(logger: Logger, clock: Pick<Clock, 'now'> = systemClock): EngineEvents {
  const listeners = createListeners<[EngineEvent]>((error) =>
    logger.error({ err: error }, 'a listener of events failed'),
  );
  let lastNano = 0n;

  function announce(announcement: Announcement): void {
    const at = clock.now();
    const nano = BigInt(at.getTime()) * 1_000_000n;
    // Two events in one millisecond, or a clock set back, still need an order.
    lastNano = nano > lastNano ? nano : lastNano + 1n;
    const event: EngineEvent = { ...announcement, at, timeNano: lastNano };
    const { type, action, id, attributes } = announcement;
    logger.info({ action, id, ...attributes }, `${type} event`);
    listeners.notify(event);
  }

  return { announce, subscribe: listeners.add };
}
