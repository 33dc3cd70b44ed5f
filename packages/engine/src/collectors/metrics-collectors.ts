/**
 * Tells plugins that collect metrics when the socket with the metrics is there and when it goes. What they make of it
 * is their own affair: failures are logged.
 */

import { settlesWithin } from '@outboard/async';
import { createMetricsCollector } from '@outboard/protocol';
import type { Logger } from 'pino';
import type { PluginDriver, PluginDrivers } from '../drivers/plugin-drivers.ts';

/** How long whoever enables a collector waits for its answer. */
const answerTimeoutMs = 5_000;

export interface MetricsCollectors extends AsyncDisposable {
  /**
   * Wait until a collector that came up has answered, so that whoever enabled it can rely on it; at once for any other
   * plugin. Takes 5 s at most, and never rejects: what a collector makes of it is its own affair.
   */
  started(pluginId: string, options?: { readonly signal?: AbortSignal | undefined }): Promise<void>;
  /** Tell a collector that is about to be stopped; nothing happens for any other plugin. Takes 3 s at most, never rejects. */
  stop(pluginId: string): Promise<void>;
}

export interface MetricsCollectorsOptions {
  readonly drivers: Pick<PluginDrivers, 'onEnabled' | 'onDisabled'>;
  readonly logger: Logger;
}

/**
 * Tell every collector that runs now, or comes to run, that there are metrics. Disposing tells those that run that
 * there are none any more.
 */
export function createMetricsCollectors({ drivers, logger }: MetricsCollectorsOptions): MetricsCollectors {
  const started = new Map<string, StartedCollector>();
  const ignoreEnabled = drivers.onEnabled('metricscollector', (driver) => {
    const id = driver.pluginId ?? driver.name;
    started.get(id)?.abort.abort();
    const abort = new AbortController();
    started.set(id, { driver, abort, begun: begin(driver, abort.signal) });
  });

  // Also one that came up again while it was being stopped.
  const ignoreDisabled = drivers.onDisabled('metricscollector', (name) => {
    for (const [id, { driver, abort }] of started) {
      if (driver.name !== name) continue;
      abort.abort();
      started.delete(id);
    }
  });

  async function begin(driver: PluginDriver, signal: AbortSignal): Promise<void> {
    try {
      await createMetricsCollector(driver.client).startMetrics({ signal });
    } catch (error) {
      if (!signal.aborted) {
        logger.warn({ err: error, plugin: driver.name }, 'a metrics collector could not be started');
      }
    }
  }

  async function stop(id: string): Promise<void> {
    const collector = started.get(id);
    if (collector === undefined) return;
    started.delete(id);
    collector.abort.abort();
    await collector.begun;
    try {
      await createMetricsCollector(collector.driver.client).stopMetrics();
    } catch (error) {
      logger.warn({ err: error, plugin: collector.driver.name }, 'a metrics collector could not be stopped');
    }
  }

  return {
    async started(id, { signal } = {}) {
      const collector = started.get(id);
      if (collector === undefined) return;
      await settlesWithin(collector.begun, answerTimeoutMs, { signal });
    },
    stop,
    async [Symbol.asyncDispose]() {
      ignoreEnabled();
      ignoreDisabled();
      await Promise.all([...started.keys()].map(stop));
    },
  };
}

interface StartedCollector {
  readonly driver: PluginDriver;
  /** Ends the call that tells it so. */
  readonly abort: AbortController;
  /** Settles with that call; never rejects. */
  readonly begun: Promise<void>;
}
