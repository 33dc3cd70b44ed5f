/**
 * The interface that the author of a metrics collector implements.
 */
import type { CallContext } from '../wire/call.ts';

/** The engine's own metrics. */
export interface EngineMetrics {
  /**
   * Read all metrics now.
   *
   * @param signal default: a time limit of 10 s
   * @returns text in the exposition format of Prometheus, 16 MiB at most
   * @throws {PluginError} if the engine does not answer with them in time, such as while it restarts: try again later
   */
  scrape(signal?: AbortSignal): Promise<string>;
}

/**
 * Collects the metrics of an engine: it is told when to begin, and reads them when it likes.
 *
 * The engine calls once when the plugin is enabled, whenever its process was started again, and when the engine starts. It
 * writes a failure to its log and leaves the plugin enabled without metrics.
 */
export interface MetricsCollector {
  /**
   * Begin to collect, and return: the work goes on in the background. Not called again while it has begun, although
   * engines repeat the call.
   *
   * @param metrics stays valid after `stop`
   */
  start(metrics: EngineMetrics, context: CallContext): Promise<void>;
  /** End all background work. Called when the engine shuts down, and when the plugin stops after `start`. */
  stop?(): Promise<void>;
}
