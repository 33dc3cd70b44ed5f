/**
 * Formats of the log: JSON for programs, text for terminals, and text with a priority prefix for systemd's journal, so that
 * `journalctl -p err` finds errors.
 * @see sd-daemon(3), "<N>" prefixes; systemd.exec(5), "JOURNAL_STREAM" and "SyslogLevelPrefix="; systemd 252
 */
import { fstatSync } from 'node:fs';
import { isatty } from 'node:tty';

/** `json` for programs, `text` for terminals, `journald` for text with the priority prefix of systemd's journal. */
export const logFormats = ['json', 'text', 'journald'] as const;
/** Format of the lines on standard error. */
export type LogFormat = (typeof logFormats)[number];

/** Descriptor of standard error. */
const errorFile = 2;

/** The configured format, or else the one that suits standard error. */
export function chooseLogFormat(wanted: LogFormat | undefined, env: NodeJS.ProcessEnv): LogFormat {
  if (wanted !== undefined) return wanted;
  if (isJournal(env)) return 'journald';
  return isatty(errorFile) ? 'text' : 'json';
}

/** True if standard error is the stream of the journal. The variable alone proves nothing: redirected programs inherit it. */
export function isJournal({ JOURNAL_STREAM: stream = '' }: NodeJS.ProcessEnv): boolean {
  try {
    const { dev, ino } = fstatSync(errorFile, { bigint: true });
    return stream === `${dev}:${ino}`;
  } catch {
    // It is closed.
    return false;
  }
}

/**
 * Format the error message of a program that ends, for use before the log is open. The journal has an entry for each line,
 * and each has the priority of an error.
 */
export function formatFailure(message: string, env: NodeJS.ProcessEnv): string {
  if (!isJournal(env)) return `${message}\n`;
  const lines = message.split('\n').filter((line) => line !== '');
  return lines.map((line) => `<${priorities.error}>${line}\n`).join('');
}

/** Priorities of syslog(3). */
const priorities = { fatal: 2, error: 3, warn: 4, info: 6, debug: 7, trace: 7 } as const;

/** Levels of pino by their numbers. */
const levels = new Map<unknown, keyof typeof priorities>([
  [10, 'trace'],
  [20, 'debug'],
  [30, 'info'],
  [40, 'warn'],
  [50, 'error'],
  [60, 'fatal'],
]);

/**
 * Convert one line to another format. Its content may be hostile: the result is one line without ASCII control characters.
 * @param line JSON of pino with its newline
 */
export function formatLine(line: string, format: LogFormat): string {
  if (format === 'json') return line;
  // A line of pino is an object.
  const { level: number, time, pid: _, msg, err, ...fields } = JSON.parse(line) as Record<string, unknown>;
  const level = levels.get(number) ?? 'error';
  const pairs = Object.entries({ ...fields, ...flattenError(err) });
  const said = [
    escapeText(String(msg ?? '')),
    ...pairs.map(([key, value]) => `${key}=${formatValue(value)}`),
  ];
  if (format === 'journald') return `<${priorities[level]}>${said.join(' ')}\n`;
  return `${new Date(Number(time)).toISOString()} ${level.toUpperCase().padEnd(5)} ${said.join(' ')}\n`;
}

function flattenError(err: unknown): object {
  if (typeof err !== 'object' || err === null) return err === undefined ? {} : { err };
  const { message, stack, type: _, ...facts } = err as Record<string, unknown>;
  return { err: message, ...facts, stack };
}

/** Without quotes where it is unambiguous, else as JSON. */
function formatValue(value: unknown): string {
  if (typeof value === 'string' && /^[\w./:@+-]+$/.test(value)) return value;
  return JSON.stringify(value) ?? 'null';
}

/** Escape as in JSON, without the enclosing quotes. */
function escapeText(text: string): string {
  return JSON.stringify(text).slice(1, -1).replaceAll('\\"', '"');
}
