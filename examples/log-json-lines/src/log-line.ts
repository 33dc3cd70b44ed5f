/**
 * One entry as a line of JSON: `{"time":"2026-01-02T03:04:05.000000006Z","source":"stdout","line":"hello"}`. Pure rules.
 */
import type { LogEntry } from '@outboard/sdk';

const nanosecondsPerSecond = 1_000_000_000n;
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** An entry as a line, with its line break. Bytes that are no text are kept in base64, under the key `bytes`. */
export function formatEntry({ timeNano, source, line, isPartial = false }: LogEntry): string {
  const time = formatTime(timeNano);
  const partial = isPartial ? { partial: true } : {};
  try {
    return `${JSON.stringify({ time, source, line: utf8.decode(line), ...partial })}\n`;
  } catch {
    const bytes = Buffer.from(line).toString('base64');
    return `${JSON.stringify({ time, source, bytes, ...partial })}\n`;
  }
}

/** The entry of a line; undefined for one that was cut off when the host crashed. */
export function parseEntry(text: string): LogEntry | undefined {
  try {
    const { time, source, line, bytes }: Readonly<Record<string, unknown>> = JSON.parse(text);
    if (typeof time !== 'string' || typeof source !== 'string') return undefined;
    if (typeof line === 'string') return { timeNano: parseTime(time), source, line: Buffer.from(line) };
    return { timeNano: parseTime(time), source, line: Buffer.from(String(bytes), 'base64') };
  } catch {
    return undefined;
  }
}

function formatTime(timeNano: bigint): string {
  const fraction = ((timeNano % nanosecondsPerSecond) + nanosecondsPerSecond) % nanosecondsPerSecond;
  const whole = new Date(Number((timeNano - fraction) / 1_000_000n)).toISOString().slice(0, -'.000Z'.length);
  return `${whole}.${String(fraction).padStart(9, '0')}Z`;
}

function parseTime(text: string): bigint {
  const [whole = '', fraction = ''] = text.slice(0, -1).split('.');
  return BigInt(Date.parse(`${whole}Z`)) * 1_000_000n + BigInt(fraction);
}
