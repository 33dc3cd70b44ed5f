/**
 * Counts the bytes and the unpack time of one operation while it runs.
 */
import { type Clock, systemClock } from '@outboard/async';
import type { UnpackJail } from '@outboard/container';

/** The counters that an operation adds to. */
export interface OperationMeter {
  /** Count bytes of a layer received from a registry. */
  received(bytes: number): void;
  /** Count bytes of a blob sent to a registry. */
  sent(bytes: number): void;
  /** The same jail with its working time counted. */
  measure(jail: UnpackJail): UnpackJail;
}

/** Sums so far. */
export interface OperationCounts {
  readonly receivedBytes: number;
  readonly sentBytes: number;
  readonly unpackSeconds: number;
}

/** Start with sums of 0. */
export function createOperationMeter(
  clock: Pick<Clock, 'monotonicMs'> = systemClock,
): OperationMeter & { counts(): OperationCounts } {
  let receivedBytes = 0;
  let sentBytes = 0;
  let unpackMs = 0;

  async function timed<Result>(work: () => Promise<Result>): Promise<Result> {
    const startedAt = clock.monotonicMs();
    try {
      return await work();
    } finally {
      unpackMs += clock.monotonicMs() - startedAt;
    }
  }

  return {
    received(bytes) {
      receivedBytes += bytes;
    },
    sent(bytes) {
      sentBytes += bytes;
    },
    measure: (jail) => ({
      apply: (layer, options) => timed(() => jail.apply(layer, options)),
      archive: (options) => jail.archive(options),
      finish: () => timed(() => jail.finish()),
      [Symbol.asyncDispose]: () => jail[Symbol.asyncDispose](),
    }),
    counts: () => ({ receivedBytes, sentBytes, unpackSeconds: unpackMs / 1000 }),
  };
}
