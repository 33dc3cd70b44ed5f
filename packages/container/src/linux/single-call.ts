/**
 * Calls that may hold their thread for ever. One is made at a time, and none while an earlier one has not returned: however many
 * file systems fall silent, one thread is lost.
 */
import { type Cancellable, createLimiter, settlesWithin } from '@outboard/async';

/** Options of one call. */
export interface SingleCallOptions extends Cancellable {
  /** Time for the answer, in milliseconds. */
  readonly answerMs: number;
}

/** Makes calls, one at a time. */
export interface SingleCalls {
  /**
   * @param onLate takes the value of a call that returns after its time
   * @returns `late` for a call that has not returned in time; `refused` while another one has not
   * @throws the error of the call; the reason of the signal
   */
  make<Value>(
    call: () => Promise<Value>,
    options: SingleCallOptions,
    onLate?: (value: Value) => Promise<void>,
  ): Promise<{ readonly value: Value } | 'late' | 'refused'>;
}

/** Start without a call. */
export function createSingleCalls(): SingleCalls {
  const oneAtATime = createLimiter(1);
  let isHeld = false;
  return {
    make: (call, { answerMs, signal }, onLate) =>
      oneAtATime.run(
        async () => {
          if (isHeld) return 'refused';
          const calling = call();
          if (await settlesWithin(calling, answerMs, { signal })) return { value: await calling };
          isHeld = true;
          void calling
            .then(onLate)
            .catch(() => undefined) // the caller was told that it is late
            .finally(() => {
              isHeld = false;
            });
          signal?.throwIfAborted();
          return 'late';
        },
        { signal },
      ),
  };
}
