/**
 * SIGHUP reads the configuration anew, one at a time. A wrong one is logged, and the one in force stays.
 */
import { createSerialQueue } from '@outboard/async';
import type { Logger } from 'pino';
import type { ServiceNotifier } from './service-notifier.ts';

export interface ReloadOnSignalParts {
  /** Where the outcome is told; undefined for nowhere. */
  readonly runtimeDirectory: string | undefined;
  /** Reads the configuration and puts it in force, or rejects and changes nothing. */
  readonly reload: () => Promise<void>;
  /** What the service manager is shown afterwards. */
  readonly status: () => string;
  readonly notifier: ServiceNotifier;
  readonly logger: Logger;
}

/** @param started what a reload is for; a daemon that does not start says so itself */
export function reloadOnSignal(started: Promise<ReloadOnSignalParts>): void {
  started.catch(() => undefined);
  const queue = createSerialQueue();
  process.on('SIGHUP', () => {
    // A failed reload is logged.
    queue.run(async () => reloadOnce(await started)).catch(() => undefined);
  });
}

async function reloadOnce(parts: ReloadOnSignalParts): Promise<void> {
  const { notifier, logger, runtimeDirectory } = parts;
  notifier.reloading();
  const beganAtNs = String(process.hrtime.bigint());
  const failure = await attempt(parts);
  notifier.ready(parts.status());
  if (runtimeDirectory === undefined) return;
  try {
    const { writeReloadReport } = await import('./reload-report.ts');
    await writeReloadReport(runtimeDirectory, { pid: process.pid, beganAtNs, ...failure });
  } catch (error) {
    logger.error({ err: error }, 'cannot tell how a reload ended');
  }
}

/** @returns why the configuration stays as it was, if it does */
async function attempt({ reload, logger }: ReloadOnSignalParts): Promise<{ readonly error?: string }> {
  try {
    await reload();
    logger.info('configuration reloaded');
    return {};
  } catch (error) {
    logger.error({ err: error }, 'cannot reload the configuration: it stays as it was');
    return { error: error instanceof Error ? error.message : String(error) };
  }
}
