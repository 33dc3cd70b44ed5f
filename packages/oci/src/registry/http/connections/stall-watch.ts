/**
 * Detects stalled transfers by their progress, not by total time: a large blob may take hours, but a peer that sends one
 * byte per second must not hold a connection for ever.
 */
import type { Clock } from '@outboard/async';
import { OutboardError } from '../../../errors/outboard-error.ts';

/** Minimum speed of a transfer. */
export interface StallLimits {
  /** Length of one window in milliseconds. */
  readonly windowMs: number;
  /** Bytes that must move in each window. */
  readonly minBytes: number;
}

/** A minimum of 1 KiB/s over a window of this length in milliseconds. */
export function stallLimitsFor(windowMs: number): StallLimits {
  return { windowMs, minBytes: Math.ceil((windowMs / 1000) * 1024) };
}

/** Watches one transfer; stop it when the transfer ends. */
export interface StallWatch {
  /** Count transferred bytes. */
  progress(bytes: number): void;
  /** Suspend the watch while the receiver takes no bytes. */
  pause(): void;
  /** Continue with a new window. */
  resume(): void;
  /** End the watch. */
  stop(): void;
}

/**
 * Start to watch a transfer.
 * @param onStall called once, with an `unavailable` error, after a window with too few bytes
 * @param describe name and progress of the transfer for the error; default `the transfer`
 */
export function watchForStall(
  clock: Clock,
  limits: StallLimits,
  onStall: (error: OutboardError) => void,
  describe: () => string = () => 'the transfer',
): StallWatch {
  let bytes = 0;
  let cancel = clock.schedule(limits.windowMs, endWindow);

  function startWindow(): void {
    cancel();
    bytes = 0;
    cancel = clock.schedule(limits.windowMs, endWindow);
  }

  function endWindow(): void {
    if (bytes >= limits.minBytes) {
      startWindow();
      return;
    }
    const seconds = limits.windowMs / 1000;
    onStall(
      new OutboardError(
        'unavailable',
        `${describe()} stalled: ${bytes} bytes in ${seconds} s, want at least ${limits.minBytes}`,
        { details: { idleMs: limits.windowMs } },
      ),
    );
  }

  return {
    progress(count) {
      bytes += count;
    },
    pause: () => cancel(),
    resume: startWindow,
    stop: () => cancel(),
  };
}
