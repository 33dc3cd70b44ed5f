/**
 * The MetricsCollector protocol over an author's collector. Its answers are never read; only their status counts.
 * @see moby daemon/metrics_unix.go
 */
import { messageOf } from '../plugin-error.ts';
import { SerialQueue } from '../state/serial-queue.ts';
import { type CallHandler, type Capability, type CapabilityDeps, servedCalls } from '../wire/call.ts';
import type { MetricsCollector } from './metrics-collector.ts';
import { metricsSocketPath, scrape } from './scrape.ts';

/** Serve a metrics collector. @param socketPath default the engine's */
export function openMetricsCapability(
  collector: MetricsCollector,
  deps: Pick<CapabilityDeps, 'log'>,
  socketPath = metricsSocketPath,
): Capability {
  const metrics = { scrape: (signal?: AbortSignal) => scrape(socketPath, signal) };
  const queue = new SerialQueue();
  let isStarted = false;
  const stop = () =>
    queue.run('collector', async () => {
      if (!isStarted) return;
      isStarted = false;
      await collector.stop?.();
    });
  const handlers: Record<string, CallHandler> = {
    async StartMetrics(_message, context) {
      await queue.run('collector', async () => {
        if (isStarted) return;
        await collector.start(metrics, context);
        isStarted = true;
      });
      return {};
    },
    async StopMetrics() {
      await stop();
      return {};
    },
  };
  return {
    calls: servedCalls('MetricsCollector', handlers),
    stop: () => stop().catch((error: unknown) => deps.log(`cannot stop the collector: ${messageOf(error)}`)),
  };
}
