/**
 * Brings what plugins write into the daemon's log, each line with the plugin's name. No plugin can flood it: of one that
 * writes much the daemon's log says how much it leaves out.
 */
import type { LogLine, PluginEngine, PluginOutput } from '@outboard/engine';
import type { Logger } from 'pino';

/** Of each plugin, in lines. */
const burstLines = 200;
const linesPerSecond = 50;

const maxLineLength = 4096;

/** How long what is left out is counted before it is told, in milliseconds. */
const reportAfterMs = 1_000;

/** What was left out of one plugin's output since it was last told. */
interface LeftOut {
  lines: number;
  bytes: number;
}

/**
 * Log what plugins write from now on, all of it as information: programs write their access logs to stderr as well, so the
 * stream is no level. Docker logs stderr as errors.
 * @returns stops it
 */
export function logPluginOutput(
  engine: Pick<PluginEngine, 'logs' | 'onEvent'>,
  logger: Logger,
  monotonicMs: () => number = () => performance.now(),
): () => void {
  const plugins = new Map<string, PluginLines>();
  const unlisten = engine.logs.onOutput((output) => {
    const { id } = output;
    const lines = plugins.get(id) ?? new PluginLines(logger, monotonicMs);
    plugins.set(id, lines);
    lines.log(output);
  });
  const forget = engine.onEvent(({ type, action, id }) => {
    if (type === 'plugin' && action === 'remove') plugins.delete(id);
  });
  return () => {
    unlisten();
    forget();
    for (const lines of plugins.values()) lines.report();
  };
}

class PluginLines {
  readonly #logger: Logger;
  readonly #monotonicMs: () => number;
  #allowed = burstLines;
  #countedAt: number;
  #leftOut: LeftOut = { lines: 0, bytes: 0 };
  #facts: { readonly plugin: string; readonly id: string } = { plugin: '', id: '' };
  #timer: NodeJS.Timeout | undefined;

  constructor(logger: Logger, monotonicMs: () => number) {
    this.#logger = logger;
    this.#monotonicMs = monotonicMs;
    this.#countedAt = monotonicMs();
  }

  log({ id, name, lines, skippedBytes }: PluginOutput): void {
    this.#facts = { plugin: name, id };
    const now = this.#monotonicMs();
    this.#allowed = Math.min(burstLines, this.#allowed + ((now - this.#countedAt) / 1000) * linesPerSecond);
    this.#countedAt = now;
    if (skippedBytes > 0) this.#leaveOut(0, skippedBytes);
    for (const line of lines) {
      if (this.#allowed >= 1) {
        this.#allowed -= 1;
        this.#write(line);
      } else {
        this.#leaveOut(1, line.content.length);
      }
    }
  }

  /** Tell what was left out, if anything. */
  report(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const { lines, bytes } = this.#leftOut;
    if (bytes === 0 && lines === 0) return;
    this.#leftOut = { lines: 0, bytes: 0 };
    this.#logger.warn(
      { ...this.#facts, lines, bytes },
      'the plugin writes too much for this log: what is left out is in its own',
    );
  }

  #write({ stream, content }: LogLine): void {
    const text = content.toString('utf8', 0, maxLineLength);
    this.#logger.info({ ...this.#facts, stream }, text);
  }

  #leaveOut(lines: number, bytes: number): void {
    this.#leftOut.lines += lines;
    this.#leftOut.bytes += bytes;
    this.#timer ??= setTimeout(() => this.report(), reportAfterMs).unref();
  }
}
