/**
 * Metrics collectors: the interface MetricsCollector 1.0 of Docker's plugin protocol. A collector reads the daemon's
 * metrics from `/run/docker/metrics.sock`.
 */

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
