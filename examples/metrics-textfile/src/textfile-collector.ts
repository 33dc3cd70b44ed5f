/**
 * Reads the metrics at intervals and keeps the last reading in a file. The node exporter may read it at any time, so it is
 * replaced by a rename.
 */
import { rename, rm, writeFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import type { EngineMetrics, MetricsCollector } from '@outboard/sdk';
import { selectMetrics } from './select-metrics.ts';

/** Choices of the operator. */
export interface TextfileOptions {
  /** Absolute path of the file. */
  readonly file: string;
  readonly intervalMs: number;
  /** Names of metrics to keep. */
  readonly only: RegExp;
  /** Receives each failed reading. */
  readonly log: (message: string) => void;
}

/** Collects from `start` to `stop`. */
export class TextfileCollector implements MetricsCollector {
  readonly #options: TextfileOptions;
  #stop = new AbortController();
  #work: Promise<void> = Promise.resolve();

  constructor(options: TextfileOptions) {
    this.#options = options;
  }

  async start(metrics: EngineMetrics): Promise<void> {
    this.#stop = new AbortController();
    this.#work = this.#collect(metrics, this.#stop.signal);
  }

  /** A file of a collector that stopped would look like a host whose figures stand still. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#work;
    await rm(this.#options.file, { force: true });
  }

  async #collect(metrics: EngineMetrics, signal: AbortSignal): Promise<void> {
    const { intervalMs, log } = this.#options;
    while (!signal.aborted) {
      await this.#read(metrics).catch((error: Error) => log(error.message));
      // The abort ends the pause.
      await delay(intervalMs, undefined, { signal }).catch(() => undefined);
    }
  }

  async #read(metrics: EngineMetrics): Promise<void> {
    const { file, only } = this.#options;
    const selected = selectMetrics(await metrics.scrape(), only);
    await writeFile(`${file}.new`, selected);
    await rename(`${file}.new`, file);
  }
}
