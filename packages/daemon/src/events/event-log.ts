/**
 * The last events, for clients that read past events or follow new ones.
 */
import { createListeners } from '@outboard/async';
import type { EngineEvent } from '@outboard/engine';

/** Number of kept events, as in Docker. */
const maxEvents = 256;

/** Events in the order of their times. */
export interface EventLog {
  /** The kept events, oldest first. */
  recent(): readonly EngineEvent[];
  /** Call a listener for every event from now on. @returns removes the listener */
  follow(listener: (event: EngineEvent) => void): () => void;
}

/**
 * Record the events of a source until the process ends.
 * @param source subscribes a listener to events
 * @param report receives the error of a follower
 */
export function createEventLog(
  source: (listener: (event: EngineEvent) => void) => unknown,
  report: (error: unknown) => void,
): EventLog {
  const events: EngineEvent[] = [];
  const listeners = createListeners<[EngineEvent]>(report);
  source((event) => {
    events.push(event);
    if (events.length > maxEvents) events.shift();
    listeners.notify(event);
  });
  return {
    recent: () => [...events],
    follow: listeners.add,
  };
}
