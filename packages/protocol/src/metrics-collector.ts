/**
 * The typed client of MetricsCollector 1.0: a plugin that reads the daemon's metrics from `/run/docker/metrics.sock`.
 * @see moby daemon/internal/metrics/plugin.go (28.x)
 */
import { isOutboardError } from '@outboard/oci';
import type { PluginClient } from './plugin-client.ts';

interface Cancellable {
  readonly signal?: AbortSignal;
}

/**
 * Every call throws as `PluginClient.call`, but for replies that are no JSON: only the status and an `Err` matter, and
 * many collectors answer nothing.
 */
export interface MetricsCollector {
  /** The socket can be read from now on. Told again whenever the plugin or the daemon was started anew. */
  startMetrics(call?: Cancellable): Promise<void>;
  /** The socket is about to go, or the plugin is about to be stopped. Not repeated when it cannot be reached. */
  stopMetrics(call?: Cancellable): Promise<void>;
}

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
