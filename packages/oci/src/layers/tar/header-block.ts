/**
 * One 512-byte tar header: v7, ustar, star or GNU. Extensions (PAX, long names) are applied by `entry-assembler.ts`. All
 * functions take the bytes and the offset of the block, so that no block is copied.
 */
import { clampTime, malformed, maxOwnerId, parseNumericField, requireRange } from './numeric-field.ts';

/** Size of a header in bytes; content is padded to a multiple of it. */
export const blockBytes = 512;

const checksumStart = 148;
const checksumBytes = 8;
const typeflag = 156;
const magic = 257;
const prefixStart = 345;
const empty = Buffer.alloc(0);

/** Kind of a block: `zero` marks the end of an archive, `header` has a valid checksum. */
export type BlockKind = 'zero' | 'header';

/** The fields of a header block that do not depend on the type of the entry. */
export interface HeaderFields {
  readonly name: Buffer;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly modifiedAt: number;
}

/**
 * Verify a block's checksum. Old writers summed signed bytes; both sums are accepted, as POSIX demands of readers.
 * @throws {OutboardError} invalid when it matches neither
 */
export function checkBlock(bytes: Uint8Array, start: number): BlockKind {
  const sum = sumBytes(bytes, start, blockBytes);
  if (sum === 0) return 'zero';
  const fieldStart = start + checksumStart;
  const stored = parseNumericField(bytes, fieldStart, checksumBytes, 'checksum');
  const unsigned = sum - sumBytes(bytes, fieldStart, checksumBytes) + checksumBytes * 0x20;
  if (stored !== unsigned && stored !== signedChecksum(bytes, start)) {
    throw malformed(`header checksum is ${stored}, its bytes sum up to ${unsigned}`);
  }
  return 'header';
}

/** @param length a multiple of 4; four bytes per iteration halve the time, which is most of a header's cost */
function sumBytes(bytes: Uint8Array, start: number, length: number): number {
  const end = start + length;
  let sum = 0;
  for (let at = start; at < end; at += 4) {
    // callers pass whole fields, so that all four are inside
    sum += bytes[at] as number;
    sum += bytes[at + 1] as number;
    sum += bytes[at + 2] as number;
    sum += bytes[at + 3] as number;
  }
  return sum;
}

function signedChecksum(bytes: Uint8Array, start: number): number {
  let sum = checksumBytes * 0x20;
  for (let index = 0; index < blockBytes; index++) {
    if (index >= checksumStart && index < checksumStart + checksumBytes) continue;
    sum += ((bytes[start + index] as number) << 24) >> 24; // a whole block lies at `start`
  }
  return sum;
}

/** The type flag of a block, as a character code; NUL in v7 archives. */
export function headerTypeflag(bytes: Uint8Array, start: number): number {
  return bytes[start + typeflag] as number; // a whole block lies at `start`
}

/** The size field. @throws {OutboardError} invalid unless it is 0 to 2^53 - 1 */
export function headerSize(bytes: Uint8Array, start: number): number {
  const size = parseNumericField(bytes, start + 124, 12, 'size');
  return requireRange(size, Number.MAX_SAFE_INTEGER, 'size');
}

/** The other fields. @throws {OutboardError} invalid when a number is malformed or an owner is out of range */
export function headerFields(bytes: Uint8Array, start: number): HeaderFields {
  const mode = parseNumericField(bytes, start + 100, 8, 'mode');
  const uid = parseNumericField(bytes, start + 108, 8, 'uid');
  const gid = parseNumericField(bytes, start + 116, 8, 'gid');
  const modifiedAt = parseNumericField(bytes, start + 136, 12, 'mtime');
  return {
    name: headerName(bytes, start),
    // v7 and some GNU archives have the file type in the mode too; the type flag decides
    mode: requireRange(mode, 0xffff_ffff, 'mode') & 0o7777,
    uid: requireRange(uid, maxOwnerId, 'uid'),
    gid: requireRange(gid, maxOwnerId, 'gid'),
    modifiedAt: clampTime(modifiedAt),
  };
}

/** The target of a hard link or symlink, before extensions. */
export function headerLinkName(bytes: Uint8Array, start: number): Buffer {
  return text(bytes, start + 157, 100);
}

/**
 * The numbers of a device node, within what Linux can represent (12 and 20 bits).
 * @throws {OutboardError} invalid when malformed or out of range
 */
export function headerDevice(
  bytes: Uint8Array,
  start: number,
): { readonly major: number; readonly minor: number } {
  const major = parseNumericField(bytes, start + 329, 8, 'device major');
  const minor = parseNumericField(bytes, start + 337, 8, 'device minor');
  return {
    major: requireRange(major, 0xfff, 'device major'),
    minor: requireRange(minor, 0xf_ffff, 'device minor'),
  };
}

/** The name with its prefix. Only POSIX headers have a prefix: GNU has times in its place, v7 nothing. */
function headerName(bytes: Uint8Array, start: number): Buffer {
  const name = text(bytes, start, 100);
  if (bytes[start + prefixStart] === 0 || !isPosix(bytes, start)) return name;
  const prefix = text(bytes, start + prefixStart, isStar(bytes, start) ? 131 : 155);
  return Buffer.concat([prefix, Buffer.from('/'), name]);
}

function isPosix(bytes: Uint8Array, start: number): boolean {
  return hasText(bytes, start + magic, 'ustar\0');
}

/** True for a star header: the last 24 bytes of its prefix are times, which a magic at the end of the block marks. */
function isStar(bytes: Uint8Array, start: number): boolean {
  return hasText(bytes, start + 508, 'tar\0');
}

function hasText(bytes: Uint8Array, start: number, expected: string): boolean {
  for (let index = 0; index < expected.length; index++) {
    if (bytes[start + index] !== expected.charCodeAt(index)) return false;
  }
  return true;
}

/** Copy a text field up to its first NUL; a view would refer to a chunk that the source reuses. */
function text(bytes: Uint8Array, start: number, maxLength: number): Buffer {
  let length = 0;
  while (length < maxLength && bytes[start + length] !== 0) length++;
  if (length === 0) return empty;
  const copy = Buffer.allocUnsafe(length);
  for (let index = 0; index < length; index++) copy[index] = bytes[start + index] as number; // inside the field
  return copy;
}
