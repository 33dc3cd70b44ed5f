/**
 * SIGHUP reloads the configuration, one reload at a time. If the new one is wrong, the error is logged, and the one in force
 * is kept.
 */
import { createSerialQueue } from '@outboard/async';
import type { Logger } from 'pino';
import type { ServiceNotifier } from './service-notifier.ts';

/** Parts of a reload. */
export interface ReloadOnSignalDeps {
  /** Directory of the report for `outboard daemon reload`; undefined for none. */
  readonly runtimeDirectory: string | undefined;
  /** Reads the configuration and puts it in force; changes nothing if it rejects. */
  readonly reload: () => Promise<void>;
  /** Status for the service manager afterwards. */
  readonly status: () => string;
  readonly notifier: ServiceNotifier;
  readonly logger: Logger;
}

/**
 * Handle SIGHUP from now on. A signal during the start is handled after it.
 * @param started resolves when the daemon has started; a failed start is reported elsewhere
 */
export function reloadOnSignal(started: Promise<ReloadOnSignalDeps>): void {
  started.catch(() => undefined);
  const queue = createSerialQueue();
  process.on('SIGHUP', () => {
    // Errors of a reload are logged; only a failed start is left.
    queue.run(async () => reloadOnce(await started)).catch(() => undefined);
  });
}

async function reloadOnce(deps: ReloadOnSignalDeps): Promise<void> {
  const { notifier, logger, runtimeDirectory } = deps;
  notifier.reloading();
  const beganAtNs = String(process.hrtime.bigint());
  const failure = await attempt(deps);
  notifier.ready(deps.status());
  if (runtimeDirectory === undefined) return;
  try {
    const { writeReloadReport } = await import('./reload-report.ts');
    await writeReloadReport(runtimeDirectory, { pid: process.pid, beganAtNs, ...failure });
  } catch (error) {
    logger.error({ err: error }, 'cannot write the report of a reload');
  }
}

/** @returns the error, if the configuration could not be reloaded */
async function attempt({ reload, logger }: ReloadOnSignalDeps): Promise<{ readonly error?: string }> {
  try {
    await reload();
    logger.info('configuration reloaded');
    return {};
  } catch (error) {
    logger.error({ err: error }, 'cannot reload the configuration: it stays as it was');
    return { error: error instanceof Error ? error.message : String(error) };
  }
}
