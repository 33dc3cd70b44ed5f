/**
 * The last events, for clients that ask about the past, and those who follow from now on.
 */
import { createListeners } from '@outboard/async';
import type { EngineEvent } from '@outboard/engine';

/** As many as Docker keeps. */
const kept = 256;

/** Events in order of their time. */
export interface EventLog {
  /** The events that are still kept, oldest first. */
  recent(): readonly EngineEvent[];
  /** Be told of every event from now on. @returns stops it */
  follow(listener: (event: EngineEvent) => void): () => void;
}

/**
 * Record events from a source for as long as the process lives.
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
    if (events.length > kept) events.shift();
    listeners.notify(event);
  });
  return {
    recent: () => [...events],
    follow: listeners.add,
  };
}
