/**
 * Times in the form of `docker logs --since`: a point in time, or a duration before now.
 * @see moby api/types/time/timestamp.go, time.ParseDuration of Go
 */
import { parseTimestamp } from '@outboard/engine';
import { HttpError } from '../http/errors.ts';

const unitNano: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1_000n,
  µs: 1_000n,
  μs: 1_000n,
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  h: 3_600_000_000_000n,
};

const unixSeconds = /^(\d{1,11})(?:\.(\d{1,9}))?$/;
const duration = /^(?:\d{1,9}(?:\.\d{1,9})?(?:ns|us|µs|μs|ms|s|m|h)){1,8}$/;
const localTime = /^(\d{4}-\d\d-\d\d)(?:T(\d\d:\d\d)(:\d\d)?(\.\d{1,9})?)?$/;

/**
 * Parse RFC 3339 (default zone: that of the daemon; default time: midnight), Unix seconds with an optional fraction, or a
 * Go duration before now, such as `1h30m`.
 *
 * @param name of the parameter, for messages
 * @param text empty or `0`: no limit, as in Docker
 * @param nowNano current time, nanoseconds since the epoch
 * @returns nanoseconds since the epoch
 * @throws {HttpError} 400
 */
export function parseLogTime(name: string, text: string, nowNano: bigint): bigint | undefined {
  if (text === '' || text === '0') return undefined;
  const time = parseUnixSeconds(text) ?? parseAge(text, nowNano) ?? parseMoment(text);
  if (time !== undefined) return time;
  throw new HttpError(
    400,
    `invalid value for "${name}": ${JSON.stringify(text)}: expected a time such as "2026-01-31T10:00:00Z", ` +
      'Unix seconds, or how long ago, such as "10m"',
  );
}

function parseUnixSeconds(text: string): bigint | undefined {
  const [, seconds, fraction = ''] = unixSeconds.exec(text) ?? [];
  return seconds === undefined ? undefined : toNano(seconds, fraction);
}

function parseAge(text: string, nowNano: bigint): bigint | undefined {
  if (!duration.test(text)) return undefined;
  let age = 0n;
  for (const [, whole = '', fraction = '', unit = ''] of text.matchAll(/(\d+)(?:\.(\d+))?(\D+)/g)) {
    age += (toNano(whole, fraction) * (unitNano[unit] ?? 0n)) / 1_000_000_000n;
  }
  return nowNano - age;
}

function parseMoment(text: string): bigint | undefined {
  const withZone = parseTimestamp(text.toUpperCase());
  if (withZone !== undefined) return withZone;
  const [, date, minute = '00:00', second = ':00', fraction = ''] = localTime.exec(text.toUpperCase()) ?? [];
  if (date === undefined) return undefined;
  // Refuses dates that do not exist.
  if (parseTimestamp(`${date}T${minute}${second}Z`) === undefined) return undefined;
  const milliseconds = Date.parse(`${date}T${minute}${second}`);
  return BigInt(milliseconds) * 1_000_000n + toNano('0', fraction.slice(1));
}

function toNano(seconds: string, fraction: string): bigint {
  return BigInt(seconds) * 1_000_000_000n + BigInt(fraction.padEnd(9, '0'));
}
