/**
 * The daemon's log: one line for each record on standard error. Secrets do not reach it, because nothing that can hold
 * them (headers, bodies, settings) is ever given to it.
 */
import { firstEvent, joinSignals } from '@outboard/async';
import { type Logger, pino } from 'pino';
import { formatLine, type LogFormat } from './log-format.ts';
import type { LogLevel } from './log-level.ts';

/** The log and how to make sure that all of it is written. */
export interface DaemonLog {
  readonly logger: Logger;
  /**
   * Resolves when everything is written, when it cannot be, or after a second in which nobody took it; for the end of the
   * process. What comes later may be lost.
   */
  flush(): Promise<void>;
}

const flushTimeoutMs = 1_000;

/** A log on standard error that never blocks the process. */
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

/** Not by `flushSync()`, which tries for ever, and stops the process with it, when the reader has gone or is stuck. */
async function writeRest(output: Output, broken: AbortSignal): Promise<void> {
  using limit = joinSignals([broken], { timeoutMs: flushTimeoutMs });
  const drained = firstEvent(output, ['drain'], { signal: limit.signal });
  output.write(''); // makes it emit the event also when nothing waits to be written
  await drained;
  stopWriting(output);
}

/**
 * What cannot be written any more (its terminal was closed, its disk is full) ends for good, as pino itself does for a
 * pipe that nobody reads: trying on, even at the exit, would keep the process busy with nothing else. There is nobody left
 * to tell, and the plugins do not depend on it.
 */
function stopWriting(output: Output): void {
  const ignore = () => {};
  Object.assign(output, { write: () => true, end: ignore, flushSync: ignore, destroy: ignore });
}

// C1 controls and what turns the direction of writing: harmless in JSON, not on a terminal (D15). C0 controls are
// escaped by JSON itself.
const terminalControls = /[\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** Escape what could change how a terminal shows a line; JSON stays equal. */
export function escapeControls(line: string): string {
  return line.replace(
    terminalControls,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
