/**
 * Metrics collectors: the interface MetricsCollector 1.0 of Docker's plugin protocol. A collector reads the daemon's
 * metrics from `/run/docker/metrics.sock`.
 */
import type { Cancellable } from '@outboard/async';

/**
 * A metrics collector. Every method throws as `PluginClient.call`, except for malformed replies: only the status and
 * `Err` matter, and many collectors answer with an empty body.
 */
export interface MetricsCollector {
  /** The metrics socket is available. Called again after each start of the plugin or the daemon. */
  startMetrics(call?: Cancellable): Promise<void>;
  /** The metrics socket will be removed or the plugin stopped. Not retried when the plugin cannot be reached. */
  stopMetrics(call?: Cancellable): Promise<void>;
}
