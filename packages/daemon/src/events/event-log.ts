/**
 * The last events, for clients that read past events or follow new ones.
 */
import { createListeners } from '@outboard/async';
import type { EngineEvent } from '@outboard/engine';
import { encodeEvent } from './event-document.ts';

/** Number of kept events, as in Docker. */
const maxEvents = 256;

/** Events in the order of their times. */
export interface EventLog {
  /** The kept events, oldest first. */
  recent(): readonly EngineEvent[];
  /** Call a listener for every event from now on. @returns removes the listener */
  follow(listener: (event: EngineEvent) => void): () => void;
  /** The line of an event for clients, with its newline. It is made once for all clients. */
  lineOf(event: EngineEvent): string;
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
  const lines = new WeakMap<EngineEvent, string>();
  const listeners = createListeners<[EngineEvent]>(report);
  source((event) => {
    events.push(event);
    if (events.length > maxEvents) events.shift();
    listeners.notify(event);
  });
  return {
    recent: () => [...events],
    follow: listeners.add,
    lineOf(event) {
      const line = lines.get(event) ?? `${encodeEvent(event)}\n`;
      lines.set(event, line);
      return line;
    },
  };
}
