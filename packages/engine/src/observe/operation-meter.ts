/**
 * Counts what one operation moves while it runs.
 */
import type { UnpackJail } from '@outboard/container';

/** What an operation is given to count with. */
export interface OperationMeter {
  /** Bytes of a layer came from a registry. */
  received(bytes: number): void;
  /** Bytes of a blob went to a registry. */
  sent(bytes: number): void;
  /** The same jail, whose work counts. */
  measure(jail: UnpackJail): UnpackJail;
}

/** What was counted so far. */
export interface OperationCounts {
  readonly receivedBytes: number;
  readonly sentBytes: number;
  readonly unpackSeconds: number;
}

/** @param now milliseconds of a clock that never goes back */
export function createOperationMeter(
  now: () => number = () => performance.now(),
): OperationMeter & { counts(): OperationCounts } {
  let receivedBytes = 0;
  let sentBytes = 0;
  let unpackMs = 0;

  async function timed<Result>(work: () => Promise<Result>): Promise<Result> {
    const startedAt = now();
    try {
      return await work();
    } finally {
      unpackMs += now() - startedAt;
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
      finish: () => timed(() => jail.finish()),
      [Symbol.asyncDispose]: () => jail[Symbol.asyncDispose](),
    }),
    counts: () => ({ receivedBytes, sentBytes, unpackSeconds: unpackMs / 1000 }),
  };
}
