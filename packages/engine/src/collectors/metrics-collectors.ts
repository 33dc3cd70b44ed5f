/**
 * Notifies plugins that collect metrics when the metrics socket becomes available and when it is removed. Their errors are
 * logged.
 */

import { type Cancellable, settlesWithin } from '@outboard/async';
import { createMetricsCollector } from '@outboard/protocol';
import type { Logger } from 'pino';
import type { PluginDriver, PluginDrivers } from '../drivers/plugin-drivers.ts';

/** Time limit for an enable to wait for the collector's answer. */
const answerTimeoutMs = 5_000;

/** The running collectors. */
export interface MetricsCollectors extends AsyncDisposable {
  /**
   * Wait until a started collector has answered, for 5 s at most. Returns at once for any other plugin. Never rejects.
   */
  started(pluginId: string, options?: Cancellable): Promise<void>;
  /** Notify a collector before it is stopped. Does nothing for any other plugin. Takes 3 s at most, never rejects. */
  stop(pluginId: string): Promise<void>;
}

/** Parts of metrics collectors. */
export interface MetricsCollectorsDeps {
  readonly drivers: Pick<PluginDrivers, 'onEnabled' | 'onDisabled'>;
  readonly logger: Logger;
}

/**
 * Notify every collector that runs or is started. Disposing notifies the running ones that the socket is removed.
 */
export function createMetricsCollectors({ drivers, logger }: MetricsCollectorsDeps): MetricsCollectors {
  const started = new Map<string, StartedCollector>();
  const stopOnEnabled = drivers.onEnabled('metricscollector', (driver) => {
    const id = driver.pluginId ?? driver.name;
    started.get(id)?.abort.abort();
    const abort = new AbortController();
    started.set(id, { driver, abort, begun: begin(driver, abort.signal) });
  });

  // This also covers a collector that restarted while it was being stopped.
  const stopOnDisabled = drivers.onDisabled('metricscollector', (name) => {
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
      stopOnEnabled();
      stopOnDisabled();
      await Promise.all([...started.keys()].map(stop));
    },
  };
}

interface StartedCollector {
  readonly driver: PluginDriver;
  /** Cancels `StartMetrics`. */
  readonly abort: AbortController;
  /** Settles with `StartMetrics`; never rejects. */
  readonly begun: Promise<void>;
}
