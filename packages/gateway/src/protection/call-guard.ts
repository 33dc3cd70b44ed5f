/**
 * The protection of one plugin's calls: a bounded number at once, none while the plugin does not answer. A plugin that hangs is
 * noticed by its own calls only, so that it never delays those of another.
 */
import type { CallDeadline, Clock } from '@outboard/async';
import { isOutboardError } from '@outboard/oci';
import type { CallLimits } from './call-limits.ts';
import { createCallQueue } from './call-queue.ts';
import { type AdmittedCall, type CircuitState, createCircuitBreaker } from './circuit-breaker.ts';

/** One call under protection. */
export interface GuardedCall<Result> {
  readonly deadline: Pick<CallDeadline, 'signal' | 'reasonFor'>;
  /** Waits until the plugin takes calls. That it takes long is no failure of the plugin's answers. */
  ready(): Promise<void>;
  /** Makes the call. For a stream it resolves when the plugin begins to answer. */
  call(): Promise<Result>;
}

/** The calls of one plugin at this moment. */
export interface CallLoad {
  readonly circuit: CircuitState;
  readonly running: number;
  /** Calls that wait for others to end. */
  readonly waiting: number;
}

/** Runs calls under protection. */
export interface CallGuard extends CallLoad {
  /**
   * @throws {OutboardError} unavailable, code `circuit-open` or `too-many-calls`, at once; the error of `ready` or `call`, or the
   *   reason of the deadline
   */
  run<Result>(call: GuardedCall<Result>): Promise<Result>;
}

/** Start without calls. @param plugin its name, for errors */
export function createCallGuard(
  plugin: string,
  limits: Pick<CallLimits, 'queue' | 'breaker'>,
  clock: Pick<Clock, 'monotonicMs'>,
): CallGuard {
  const queue = createCallQueue(plugin, limits.queue);
  const breaker = createCircuitBreaker(plugin, limits.breaker, clock);

  async function runAdmitted<Result>({ deadline, ready, call }: GuardedCall<Result>): Promise<Result> {
    await ready();
    const admitted = breaker.admit();
    try {
      const result = await call();
      admitted.answered();
      return result;
    } catch (error) {
      const reason = deadline.reasonFor(error);
      judge(admitted, reason);
      throw reason;
    }
  }

  return {
    get circuit() {
      return breaker.state;
    },
    get running() {
      return queue.running;
    },
    get waiting() {
      return queue.waiting;
    },
    async run(call) {
      breaker.check();
      try {
        return await queue.run(() => runAdmitted(call), { signal: call.deadline.signal });
      } catch (error) {
        throw call.deadline.reasonFor(error);
      }
    },
  };
}

/** Errors of a plugin that did not answer, or not in its protocol. */
const failures: ReadonlySet<string | undefined> = new Set([
  'plugin-connection-lost',
  'plugin-reply-malformed',
  'plugin-timeout',
  'socket-missing',
  'socket-refused',
]);
/** Errors that only an answer can lead to. */
const answers: ReadonlySet<string | undefined> = new Set([
  'path-escapes',
  'plugin-error',
  'plugin-reply-too-large',
]);

function judge(admitted: AdmittedCall, error: unknown): void {
  const code = isOutboardError(error) ? error.code : undefined;
  if (isOutboardError(error) && failures.has(code)) admitted.failed(error.message);
  else if (answers.has(code)) admitted.answered();
  else admitted.left();
}
