/**
 * Bounds the calls of one plugin: those that run, and those that wait for one of their places.
 */
import { type Cancellable, createLimiter } from '@outboard/async';
import { OutboardError } from '@outboard/oci';

/** Limits of a call queue. */
export interface CallQueueOptions {
  /** Calls that run at once. */
  readonly running: number;
  /** Further calls that wait. */
  readonly waiting: number;
}

/** Admits calls. */
export interface CallQueue {
  /** Calls that have a place. */
  readonly running: number;
  /** Calls that wait for one. */
  readonly waiting: number;
  /**
   * Run a call when it has a place, in order of arrival.
   * @throws {OutboardError} unavailable, code `too-many-calls`, at once, when too many wait already; the signal's reason
   */
  run<Result>(call: () => Promise<Result>, options?: Cancellable): Promise<Result>;
}

/**
 * Start empty.
 * @param plugin its name, for errors
 */
export function createCallQueue(plugin: string, { running, waiting }: CallQueueOptions): CallQueue {
  const limiter = createLimiter(running);
  let present = 0;
  return {
    get running() {
      return Math.min(present, running);
    },
    get waiting() {
      return Math.max(0, present - running);
    },
    async run(call, options) {
      if (present >= running + waiting) {
        const message = `plugin ${plugin} is busy: ${running} calls are running and ${waiting} are waiting`;
        throw new OutboardError('unavailable', message, { code: 'too-many-calls' });
      }
      present += 1;
      try {
        return await limiter.run(call, options);
      } finally {
        present -= 1;
      }
    },
  };
}
