/**
 * The client of MetricsCollector 1.0.
 * @see moby daemon/internal/metrics/plugin.go (28.x)
 */
import { isOutboardError } from '@outboard/oci';
import type { PluginClient } from '../../calls/plugin-client.ts';
import type { MetricsCollector } from './metrics-collector.ts';

const startTimeoutMs = 30_000;
/** Somebody waits for the plugin, or the daemon, to be stopped. */
const stopTimeoutMs = 3_000;

/** Make a collector of a plugin. The client stays the caller's. */
export function createMetricsCollector(client: PluginClient): MetricsCollector {
  return {
    startMetrics: (given = {}) =>
      ignoreReply(
        client.call('MetricsCollector.StartMetrics', undefined, {
          ...given,
          timeoutMs: startTimeoutMs,
          idempotent: true,
        }),
      ),
    stopMetrics: (given = {}) =>
      ignoreReply(
        client.call('MetricsCollector.StopMetrics', undefined, {
          ...given,
          timeoutMs: stopTimeoutMs,
          isTriedOnce: true,
        }),
      ),
  };
}

async function ignoreReply(call: Promise<unknown>): Promise<void> {
  try {
    await call;
  } catch (error) {
    const isOnlyBody =
      isOutboardError(error) &&
      (error.code === 'plugin-reply-malformed' || error.code === 'plugin-reply-too-large');
    if (!isOnlyBody) throw error;
  }
}
