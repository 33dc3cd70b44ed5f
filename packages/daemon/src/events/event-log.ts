/**
 * The last events, for clients that ask about the past, and those who follow from now on.
 */
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
 * @param source how to be told of events
 */
export function createEventLog(source: (listener: (event: EngineEvent) => void) => unknown): EventLog {
  const events: EngineEvent[] = [];
  const listeners = new Set<(event: EngineEvent) => void>();
  source((event) => {
    events.push(event);
    if (events.length > kept) events.shift();
    for (const listener of [...listeners]) listener(event);
  });
  return {
    recent: () => [...events],
    follow(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
