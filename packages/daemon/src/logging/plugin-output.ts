/**
 * Writes the output of plugins to the daemon's log, with the plugin's name in each record. The rate of each plugin is
 * limited, so that none can flood the log; the number of omitted lines is logged instead.
 */
import { type Clock, systemClock } from '@outboard/async';
import type { LogLine, PluginEngine, PluginLogs, PluginOutput } from '@outboard/engine';
import type { Logger } from 'pino';

/** Lines that a plugin may write at once, and afterwards in each second. */
const burstLines = 200;
const linesPerSecond = 50;

/** Bytes of one line; the rest of a longer line is omitted. */
const maxLineLength = 4096;

/** Omitted lines are counted for this long before the count is logged. */
const reportAfterMs = 1_000;

/** Output of one plugin that was omitted since the last report. */
interface OmittedOutput {
  lines: number;
  bytes: number;
}

/** The connection from the output of plugins to the log. */
export interface PluginOutputLog {
  /**
   * Log the output of this engine's plugins from now on, at level info: programs write access logs to stderr too, so the
   * stream says nothing about the level. Docker logs stderr as errors.
   */
  follow(engine: Pick<PluginEngine, 'onEvent'> & { readonly logs: Pick<PluginLogs, 'onOutput'> }): void;
  /** Stop following, and log the counts of omitted lines. */
  close(): void;
}

/** Start without output. @param clock of the rate limit */
export function createPluginOutputLog(
  logger: Logger,
  clock: Pick<Clock, 'monotonicMs'> = systemClock,
): PluginOutputLog {
  const plugins = new Map<string, RateLimitedOutput>();
  const unsubscribe: (() => void)[] = [];
  return {
    follow(engine) {
      unsubscribe.push(
        engine.logs.onOutput((output) => {
          const known = plugins.get(output.id) ?? new RateLimitedOutput(logger, clock);
          plugins.set(output.id, known);
          known.log(output);
        }),
        engine.onEvent(({ type, action, id }) => {
          if (type === 'plugin' && action === 'remove') plugins.delete(id);
        }),
      );
    },
    close() {
      for (const stop of unsubscribe.splice(0)) stop();
      for (const output of plugins.values()) output.report();
    },
  };
}

/** Token bucket of one plugin: `burstLines` tokens, refilled with `linesPerSecond`. */
class RateLimitedOutput {
  readonly #logger: Logger;
  readonly #clock: Pick<Clock, 'monotonicMs'>;
  #allowed = burstLines;
  #countedAt: number;
  #omitted: OmittedOutput = { lines: 0, bytes: 0 };
  #plugin: { readonly plugin: string; readonly id: string } = { plugin: '', id: '' };
  #timer: NodeJS.Timeout | undefined;

  constructor(logger: Logger, clock: Pick<Clock, 'monotonicMs'>) {
    this.#logger = logger;
    this.#clock = clock;
    this.#countedAt = clock.monotonicMs();
  }

  log({ id, name, lines, skippedBytes }: PluginOutput): void {
    this.#plugin = { plugin: name, id };
    this.#refill();
    if (skippedBytes > 0) this.#omit(0, skippedBytes);
    for (const line of lines) {
      if (this.#allowed >= 1) {
        this.#allowed -= 1;
        this.#write(line);
      } else {
        this.#omit(1, line.content.length);
      }
    }
  }

  /** Log how much was omitted since the last report; nothing if nothing was. */
  report(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const { lines, bytes } = this.#omitted;
    if (bytes === 0 && lines === 0) return;
    this.#omitted = { lines: 0, bytes: 0 };
    this.#logger.warn(
      { ...this.#plugin, lines, bytes },
      "the plugin's output exceeds the rate of this log: the omitted lines are in the plugin's own log",
    );
  }

  #refill(): void {
    const now = this.#clock.monotonicMs();
    this.#allowed = Math.min(burstLines, this.#allowed + ((now - this.#countedAt) / 1000) * linesPerSecond);
    this.#countedAt = now;
  }

  #write({ stream, content }: LogLine): void {
    const text = content.toString('utf8', 0, maxLineLength);
    this.#logger.info({ ...this.#plugin, stream }, text);
  }

  #omit(lines: number, bytes: number): void {
    this.#omitted.lines += lines;
    this.#omitted.bytes += bytes;
    this.#timer ??= setTimeout(() => this.report(), reportAfterMs).unref();
  }
}
