/**
 * The client of MetricsCollector 1.0.
 * @see moby daemon/internal/metrics/plugin.go (28.x)
 */
import { isOutboardError } from '@outboard/oci';
import type { CallOptions, PluginClient } from '../../calls/plugin-client.ts';
import type { MetricsCollector } from './metrics-collector.ts';

const startTimeoutMs = 30_000;
/** Short, because the stop of the plugin or the daemon waits for it. */
const stopTimeoutMs = 3_000;

/** The metrics collector that a plugin implements. The caller disposes the client. */
export function createMetricsCollector(client: PluginClient): MetricsCollector {
  const call = (method: string, options: CallOptions) =>
    ignoreBody(client.call(`MetricsCollector.${method}`, undefined, options));
  return {
    startMetrics: ({ signal } = {}) =>
      call('StartMetrics', { signal, timeoutMs: startTimeoutMs, idempotent: true }),
    stopMetrics: ({ signal } = {}) =>
      call('StopMetrics', { signal, timeoutMs: stopTimeoutMs, isTriedOnce: true }),
  };
}

async function ignoreBody(call: Promise<unknown>): Promise<void> {
  try {
    await call;
  } catch (error) {
    const isOnlyBody =
      isOutboardError(error) &&
      (error.code === 'plugin-reply-malformed' || error.code === 'plugin-reply-too-large');
    if (!isOnlyBody) throw error;
  }
}
