/** Reads the metrics of the engine every minute and hands them on. */
import type { MetricsCollector } from '@outboard/sdk';

export function openDriver(receive: (text: string) => void, intervalMs = 60_000): MetricsCollector {
  let timer: NodeJS.Timeout | undefined;
  return {
    async start(metrics) {
      const collect = async () => {
        try {
          receive(await metrics.scrape());
        } catch (error) {
          // The engine restarts, for example: the next round tries again.
          console.error(`no metrics: ${(error as Error).message}`);
        }
      };
      timer = setInterval(() => void collect(), intervalMs);
      await collect();
    },
    async stop() {
      clearInterval(timer);
    },
  };
}
