/**
 * The largest memory of an engine and its helpers while it works, over that of the idle engine.
 */
import type { MeasuredEngine } from './measured-engine.ts';
import { proportionalSetSize } from './process-memory.ts';

/** Interval of the samples: a helper that unpacks or compresses a large layer lives for seconds. */
const sampleMs = 25;

/** Run work and sample the memory of all processes of an engine. @returns bytes over those before the work */
export async function peakMemory(engine: MeasuredEngine, work: () => Promise<unknown>): Promise<number> {
  const idle = await sizeOf(engine);
  let peak = idle;
  const isDone = new AbortController();
  const sampling = (async () => {
    while (!isDone.signal.aborted) {
      peak = Math.max(peak, await sizeOf(engine));
      await new Promise((resolve) => setTimeout(resolve, sampleMs));
    }
  })();
  try {
    await work();
  } finally {
    isDone.abort();
    await sampling;
  }
  return peak - idle;
}

async function sizeOf({ processor }: MeasuredEngine): Promise<number> {
  const sizes = (await processor.processes()).map((pid) => proportionalSetSize(pid).catch(() => 0)); // it ended
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}
