/**
 * Numbers in tar headers: octal text, or GNU's base-256 for larger numbers.
 * A malformed number refuses the archive: two readers that guess differently would see two different archives.
 */
import { OutboardError } from '../../errors/outboard-error.ts';

const space = 0x20;
const zero = 0x30;

/** The largest user or group ID: 2^32 - 1 is not an ID, it means "unchanged" to chown(2). */
export const maxOwnerId = 0xffff_fffe;

/**
 * The latest modification time, in seconds: 2^63 - 1 nanoseconds, in the year 2262.
 * Docker's bound, from `boundTime` in moby/go-archive.
 */
const maxTimeSeconds = 9_223_372_036;

/** The error for a malformed archive; the reader adds the position. */
export function malformed(message: string, cause?: unknown): OutboardError {
  return new OutboardError('invalid', `malformed tar archive: ${message}`, { cause });
}

/** Format bytes of an archive for a message: printable, quoted, and at most 80 bytes. */
export function quoteBytes(bytes: Uint8Array): string {
  const shown = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, 80));
  return `${JSON.stringify(shown.toString('latin1'))}${bytes.length > shown.length ? '…' : ''}`;
}

/**
 * Read a numeric header field as GNU tar and Go do: spaces, octal digits, then spaces or NULs to the
 * end; or base-256 when the first bit is set. A field of NULs alone is 0, one of spaces is refused.
 *
 * @param field name of the field, for messages
 * @returns an integer; beyond 2^53 it is approximate, so the caller bounds it
 * @throws {OutboardError} invalid when the field holds no number
 * @see POSIX.1-2017 pax "ustar Header Block"; GNU tar manual, "Extensions to numeric fields"
 */
export function parseNumericField(bytes: Uint8Array, start: number, length: number, field: string): number {
  const end = start + length;
  let at = start;
  if (byteAt(bytes, at) & 0x80) return parseBase256(bytes, start, end);
  while (at < end && byteAt(bytes, at) === space) at++;
  const firstDigit = at;
  let value = 0;
  for (; at < end; at++) {
    const digit = byteAt(bytes, at) - zero;
    if (digit < 0 || digit > 7) break;
    value = value * 8 + digit;
  }
  const isBlank = at === firstDigit && firstDigit !== start;
  for (; at < end && !isBlank; at++) {
    const byte = byteAt(bytes, at);
    if (byte !== 0 && byte !== space) break;
  }
  if (at !== end || isBlank) {
    throw malformed(`${field} ${quoteBytes(bytes.subarray(start, end))} is not an octal number`);
  }
  return value;
}

/** Read two's complement, big-endian; the first bit marks the encoding, the second is the sign. */
function parseBase256(bytes: Uint8Array, start: number, end: number): number {
  const first = byteAt(bytes, start);
  const isNegative = (first & 0x40) !== 0;
  const flip = isNegative ? 0xff : 0;
  let value = (first ^ flip) & 0x3f;
  for (let at = start + 1; at < end; at++) value = value * 256 + (byteAt(bytes, at) ^ flip);
  return isNegative ? -value - 1 : value;
}

/**
 * Refuse a number outside 0 to `max`.
 * @throws {OutboardError} invalid
 */
export function requireRange(value: number, max: number, field: string): number {
  if (value >= 0 && value <= max) return value;
  throw malformed(`${field} ${value} is out of range: want 0 to ${max}`);
}

/** Clamp a time to the range of file systems and Docker: the epoch to the year 2262. */
export function clampTime(seconds: number): number {
  return Math.min(Math.max(seconds, 0), maxTimeSeconds);
}

function byteAt(bytes: Uint8Array, index: number): number {
  return bytes[index] as number; // callers pass a whole field, so the index is inside
}
