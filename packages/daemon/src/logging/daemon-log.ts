/**
 * The log of the daemon on standard error, one line for each record. Headers, bodies and settings, which may be secret, are
 * never logged.
 */
import { firstEvent, joinSignals } from '@outboard/async';
import { type Logger, pino } from 'pino';
import { formatLine, type LogFormat } from './log-format.ts';
import type { LogLevel } from './log-level.ts';

/** A log, and the end of its writing. */
export interface DaemonLog {
  readonly logger: Logger;
  /**
   * Write the rest before the process ends. Resolves when all is written, when writing fails, or after a second in which
   * the reader took nothing. Later records may be lost.
   */
  flush(): Promise<void>;
}

const flushTimeoutMs = 1_000;

/** Open a log on standard error that never blocks the process. */
export function openLog(level: LogLevel, format: LogFormat): DaemonLog {
  const output = pino.destination({ dest: 2, sync: false });
  const broken = new AbortController();
  output.on('error', () => {
    stopWriting(output);
    broken.abort();
  });
  const logger = pino(
    { level, base: { pid: process.pid } },
    { write: (line: string) => void output.write(escapeControls(formatLine(line, format))) },
  );
  return { logger, flush: () => writeRest(output, broken.signal) };
}

type Output = ReturnType<typeof pino.destination>;

/** Not `flushSync()`, which blocks the process for ever when the reader has gone or is stuck. */
async function writeRest(output: Output, broken: AbortSignal): Promise<void> {
  using limit = joinSignals([broken], { timeoutMs: flushTimeoutMs });
  const drained = firstEvent(output, ['drain'], { signal: limit.signal });
  output.write(''); // makes it emit the event also when nothing waits to be written
  await drained;
  stopWriting(output);
}

/**
 * After a failed write (terminal closed, disk full) nothing is written any more, as pino does for a closed pipe: further
 * attempts, also at exit, would keep the process busy. Plugins do not depend on the log.
 */
function stopWriting(output: Output): void {
  const ignore = () => {};
  Object.assign(output, { write: () => true, end: ignore, flushSync: ignore, destroy: ignore });
}

// C1 controls and bidirectional controls, which are harmless in JSON but not on a terminal (D15). JSON itself escapes C0
// controls.
const terminalControls = /[\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** Escape characters that a terminal interprets; the value of the JSON stays equal. */
export function escapeControls(line: string): string {
  return line.replace(
    terminalControls,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
