/**
 * Tells a service manager what the daemon does. Telling is best effort: a manager that does not listen stops nothing.
 * @see sd_notify(3), systemd 253 for MONOTONIC_USEC
 */
import type { Logger } from 'pino';
import type { ServiceEnvironment } from './service-environment.ts';

/** The moments that a service manager waits for. */
export interface ServiceNotifier {
  /** It serves; also the end of a reload. @param status one line for people */
  ready(status: string): void;
  reloading(): void;
  stopping(): void;
  /**
   * Tell that it lives, twice as often as is asked for, for as long as it does; nothing when nobody asked.
   * The timer itself shows that the event loop turns. @param check rejects when the daemon does not do its work any more
   */
  watch(check: () => Promise<void>): void;
  /** Tell nothing more. */
  close(): void;
}

export interface ServiceNotifierParts {
  /** Sends one datagram to an address. */
  readonly send: (address: string, message: string) => void;
  readonly logger: Logger;
  /** `CLOCK_MONOTONIC` in nanoseconds. */
  readonly monotonicNs?: () => bigint;
}

export function createServiceNotifier(
  { notifySocket, watchdogMs }: Omit<ServiceEnvironment, 'listeners'>,
  { send, logger, monotonicNs = process.hrtime.bigint }: ServiceNotifierParts,
): ServiceNotifier {
  let timer: NodeJS.Timeout | undefined;

  function tell(...lines: readonly string[]): void {
    if (notifySocket === undefined) return;
    try {
      send(notifySocket, lines.join('\n'));
    } catch (error) {
      logger.warn({ err: error, lines }, 'cannot tell the service manager');
    }
  }

  async function beat(check: () => Promise<void>): Promise<void> {
    try {
      await check();
      tell('WATCHDOG=1');
    } catch (error) {
      // The service manager restarts the daemon when this lasts.
      logger.error({ err: error }, 'the daemon does not answer itself: its watchdog is not fed');
    }
  }

  return {
    ready: (status) => tell('READY=1', `STATUS=${status.replaceAll('\n', ' ')}`),
    reloading: () => tell('RELOADING=1', `MONOTONIC_USEC=${monotonicNs() / 1000n}`),
    stopping: () => tell('STOPPING=1', 'STATUS=stopping'),
    watch(check) {
      if (notifySocket === undefined || watchdogMs === undefined) return;
      timer = setInterval(() => void beat(check), watchdogMs / 2);
      timer.unref();
      void beat(check);
    },
    close() {
      clearInterval(timer);
      timer = undefined;
    },
  };
}
