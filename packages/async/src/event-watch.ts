/**
 * Waiting for events of one emitter again and again, as for each chunk of a stream: listeners and timer are made once,
 * since making them for every wait takes longer than handling a chunk.
 */
import type { EventEmitter } from 'node:events';
import { longestTimerMs } from './join-signals.ts';
import { type PromiseWithResolvers, withResolvers } from './with-resolvers.ts';

/** A watch of one emitter. Dispose it to stop listening; a wait that is pending then never resolves. */
export interface EventWatch extends Disposable {
  /**
   * Wait for the next event from now on; one wait at a time. Look for what an event would tell before: events between two
   * waits are not kept.
   * @returns false when the time limit was first
   */
  next(): Promise<boolean>;
}

/**
 * Watch an emitter.
 * @param names events that end a wait; an `error` that is not among them has no listener here
 * @param timeoutMs time limit of each wait
 */
export function watchEvents(
  emitter: Pick<EventEmitter, 'on' | 'off'>,
  names: readonly string[],
  timeoutMs: number,
): EventWatch {
  let waiting: PromiseWithResolvers<boolean> | undefined;
  const settle = (isEvent: boolean) => {
    waiting?.resolve(isEvent);
    waiting = undefined;
  };
  const listener = () => settle(true);
  for (const name of names) emitter.on(name, listener);
  const timer = setTimeout(() => settle(false), Math.min(timeoutMs, longestTimerMs));
  return {
    next() {
      waiting = withResolvers<boolean>();
      timer.refresh(); // starts it again, also when it fired between two waits
      return waiting.promise;
    },
    [Symbol.dispose]() {
      clearTimeout(timer);
      for (const name of names) emitter.off(name, listener);
    },
  };
}
