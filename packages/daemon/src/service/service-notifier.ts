/**
 * Notifications for the service manager. An error of a notification is logged and has no other effect.
 * @see sd_notify(3), systemd 253 for MONOTONIC_USEC
 */
import type { Logger } from 'pino';
import type { ServiceEnvironment } from './service-environment.ts';

/** Sends the state of the daemon; nothing without a service manager. */
export interface ServiceNotifier {
  /** The daemon serves; also after a reload. @param status one line for people */
  ready(status: string): void;
  /** A reload has begun; `ready` ends it. */
  reloading(): void;
  /** The daemon stops. */
  stopping(): void;
  /**
   * Send watchdog notifications at half of the requested interval. The timer itself proves that the event loop runs.
   * @param check rejects if the daemon does not work any more; then no notification is sent
   */
  watch(check: () => Promise<void>): void;
  /** Send nothing more. */
  close(): void;
}

/** Parts of a notifier. */
export interface ServiceNotifierDeps {
  /** Sends one datagram to a notification socket. */
  readonly send: (address: string, message: string) => void;
  readonly logger: Logger;
  /** `CLOCK_MONOTONIC` in nanoseconds. */
  readonly monotonicNs?: (() => bigint) | undefined;
}

/** Create a notifier for the environment of this process. */
export function createServiceNotifier(
  { notifySocket, watchdogMs }: Pick<ServiceEnvironment, 'notifySocket' | 'watchdogMs'>,
  { send, logger, monotonicNs = process.hrtime.bigint }: ServiceNotifierDeps,
): ServiceNotifier {
  let timer: NodeJS.Timeout | undefined;

  function notify(...lines: readonly string[]): void {
    if (notifySocket === undefined) return;
    try {
      send(notifySocket, lines.join('\n'));
    } catch (error) {
      logger.warn({ err: error, lines }, 'cannot notify the service manager');
    }
  }

  async function beat(check: () => Promise<void>): Promise<void> {
    try {
      await check();
      notify('WATCHDOG=1');
    } catch (error) {
      // If this lasts, the service manager restarts the daemon.
      logger.error({ err: error }, 'the health check of the daemon failed: no watchdog notification is sent');
    }
  }

  return {
    ready: (status) => notify('READY=1', `STATUS=${status.replaceAll('\n', ' ')}`),
    reloading: () => notify('RELOADING=1', `MONOTONIC_USEC=${monotonicNs() / 1000n}`),
    stopping: () => notify('STOPPING=1', 'STATUS=stopping'),
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
