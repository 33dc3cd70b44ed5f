/**
 * Notices transfers that stopped moving. It looks at progress, not at total time: a large blob may take
 * hours, but a peer that sends a byte per second holds a connection for ever.
 */
import type { Clock } from '@outboard/async';
import { OutboardError } from '../../../errors/outboard-error.ts';

/** How slow is too slow. */
export interface StallLimits {
  /** Length of one observation in milliseconds. */
  readonly windowMs: number;
  /** Bytes that must move in each window. */
  readonly minBytes: number;
}

/** Less than 1 KiB/s over a window of this length, in milliseconds. */
export function stallLimitsFor(windowMs: number): StallLimits {
  return { windowMs, minBytes: Math.ceil((windowMs / 1000) * 1024) };
}

/** Watches one transfer; stop it when the transfer ends. */
export interface StallWatch {
  /** Bytes moved. */
  progress(bytes: number): void;
  /** The near side cannot take more now, which is not the far side's fault: do not count this time. */
  pause(): void;
  /** The near side takes bytes again: a new window begins. */
  resume(): void;
  /** The transfer is over. */
  stop(): void;
}

/**
 * Start to watch a transfer.
 * @param onStall called once, with an `unavailable` error, when a whole window passed with too few bytes
 * @param describe names the transfer, and how far it is; default `the transfer`
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
