/**
 * PAX extended headers: repeated records `<length> <keyword>=<value>\n`.
 * Malformed records are refused, never skipped: a skipped `size` would turn file content into headers.
 *
 * @see POSIX.1-2017 pax "pax Extended Header"
 */
import { isUtf8 } from 'node:buffer';
import { OutboardError } from '../../errors/outboard-error.ts';
import { clampTime, malformed, maxOwnerId, quoteBytes, requireRange } from './numeric-field.ts';

/** The attributes that an extended header changes; the others are undefined. */
export interface PaxAttributes {
  path: Buffer | undefined;
  linkPath: Buffer | undefined;
  size: number | undefined;
  uid: number | undefined;
  gid: number | undefined;
  /** Seconds since the epoch, clamped. */
  modifiedAt: number | undefined;
  xattrs: Map<string, Buffer> | undefined;
}

/** Bounds on an extended header. */
export interface PaxLimits {
  readonly maxPaxRecords: number;
  readonly maxXattrBytes: number;
}

const space = 0x20;
const equals = 0x3d;
const newline = 0x0a;
const schilyXattr = 'SCHILY.xattr.';
const libarchiveXattr = 'LIBARCHIVE.xattr.';

/**
 * Split an extended header into its records. The values are views of `bytes`. The last value of a repeated keyword counts,
 * as in Docker and GNU tar.
 * @throws {OutboardError} invalid for a malformed record, or too many records
 */
export function parsePaxRecords(bytes: Buffer, maxRecords: number): Map<string, Buffer> {
  const records = new Map<string, Buffer>();
  let start = 0;
  for (let count = 0; start < bytes.length; count++) {
    const digitsEnd = bytes.indexOf(space, start);
    const end = start + recordLength(bytes, start, digitsEnd);
    const keywordEnd = bytes.indexOf(equals, digitsEnd + 1);
    if (
      end > bytes.length ||
      bytes[end - 1] !== newline ||
      keywordEnd <= digitsEnd + 1 ||
      keywordEnd >= end
    ) {
      throw malformed(
        `pax record ${quoteBytes(bytes.subarray(start, end))} is not "<length> <keyword>=<value>\\n"`,
      );
    }
    const keyword = bytes.toString('latin1', digitsEnd + 1, keywordEnd);
    if (keyword.includes('\0')) throw malformed(`pax keyword ${JSON.stringify(keyword)} holds a NUL`);
    if (count === maxRecords) throw malformed(`a pax header has more than ${maxRecords} records`);
    records.set(keyword, bytes.subarray(keywordEnd + 1, end - 1));
    start = end;
  }
  return records;
}

/** The length field of a record: it counts the whole record, digits and newline included. */
function recordLength(bytes: Buffer, start: number, digitsEnd: number): number {
  let length = 0;
  let at = start;
  for (; at < digitsEnd && at - start < 8; at++) {
    const digit = (bytes[at] as number) - 0x30; // `digitsEnd` is inside
    if (digit < 0 || digit > 9) break;
    length = length * 10 + digit;
  }
  // The shortest record holds a space, a one-letter keyword, "=" and a newline after its digits.
  if (at === start || at !== digitsEnd || length < at - start + 4) {
    throw malformed(
      `pax record length at ${quoteBytes(bytes.subarray(start, start + 12))} is not a number that fits`,
    );
  }
  return length;
}

/**
 * Read the records of one entry; keywords without a meaning for layers are ignored. An empty value revokes the keyword:
 * the header's own field counts.
 * @see POSIX.1-2017 pax, "pax Extended Header": "If the <value> field is zero length, it shall delete any header block
 *   field"; Go archive/tar reader.go, mergePAX
 * @throws {OutboardError} invalid for a malformed value, a sparse file, or an attribute beyond a limit
 */
export function parsePaxAttributes(bytes: Buffer, limits: PaxLimits): PaxAttributes {
  const attributes = noAttributes();
  for (const [keyword, value] of parsePaxRecords(bytes, limits.maxPaxRecords)) {
    if (keyword.startsWith('GNU.sparse.')) throw sparseRefused();
    if (value.length === 0 && !isXattr(keyword)) continue;
    if (keyword === 'path') attributes.path = parsePath(keyword, value);
    else if (keyword === 'linkpath') attributes.linkPath = parsePath(keyword, value);
    else if (keyword === 'size') attributes.size = parseDecimal(keyword, value, Number.MAX_SAFE_INTEGER);
    else if (keyword.startsWith(schilyXattr)) addSchilyXattr(attributes, keyword, value, limits);
    else if (keyword.startsWith(libarchiveXattr)) addLibarchiveXattr(attributes, keyword, value, limits);
    else applyCommon(attributes, keyword, value);
  }
  return attributes;
}

/**
 * Read a global header, which applies to all later entries: owners and times only. A global path, size or extended
 * attribute is refused: it has no legitimate use, and GNU tar applies it while Docker's reader ignores it.
 * @throws {OutboardError} invalid
 */
export function parseGlobalAttributes(bytes: Buffer, limits: PaxLimits): PaxAttributes {
  const attributes = noAttributes();
  for (const [keyword, value] of parsePaxRecords(bytes, limits.maxPaxRecords)) {
    const isPerEntry = keyword === 'path' || keyword === 'linkpath' || keyword === 'size';
    if (isPerEntry || isXattr(keyword)) {
      throw malformed(`pax keyword ${JSON.stringify(keyword.slice(0, 80))} is in a global header`);
    }
    if (keyword.startsWith('GNU.sparse.')) throw sparseRefused();
    if (value.length > 0) applyCommon(attributes, keyword, value);
  }
  return attributes;
}

/** Attributes without any change. */
function noAttributes(): PaxAttributes {
  return {
    path: undefined,
    linkPath: undefined,
    size: undefined,
    uid: undefined,
    gid: undefined,
    modifiedAt: undefined,
    xattrs: undefined,
  };
}

function applyCommon(attributes: PaxAttributes, keyword: string, value: Buffer): void {
  if (keyword === 'mtime') attributes.modifiedAt = parseTime(keyword, value);
  else if (keyword === 'uid') attributes.uid = parseDecimal(keyword, value, maxOwnerId);
  else if (keyword === 'gid') attributes.gid = parseDecimal(keyword, value, maxOwnerId);
}

/** True for an extended attribute; its value may be empty. */
function isXattr(keyword: string): boolean {
  return keyword.startsWith(schilyXattr) || keyword.startsWith(libarchiveXattr);
}

/** The error for sparse files: their maps were attacks on several readers (CVE-2025-58183); layers do not have any. */
export function sparseRefused(): OutboardError {
  return new OutboardError('invalid', 'sparse not supported: write the tar archive without --sparse', {
    code: 'tar-sparse',
  });
}

function parsePath(keyword: string, value: Buffer): Buffer {
  if (value.includes(0)) throw malformed(`pax ${keyword} ${quoteBytes(value)} holds a NUL`);
  return Buffer.from(value);
}

function parseDecimal(keyword: string, value: Buffer, max: number): number {
  const digits = value.toString('latin1', 0, 32);
  if (!/^[0-9]+$/.test(digits))
    throw malformed(`pax ${keyword} ${quoteBytes(value)} is not a decimal number`);
  return requireRange(value.length > 32 ? Number.POSITIVE_INFINITY : Number(digits), max, `pax ${keyword}`);
}

function parseTime(keyword: string, value: Buffer): number {
  const digits = value.toString('latin1', 0, 64);
  if (value.length > 64 || !/^-?[0-9]+(?:\.[0-9]*)?$/.test(digits)) {
    throw malformed(`pax ${keyword} ${quoteBytes(value)} is not a time in seconds`);
  }
  return clampTime(Number(digits));
}

/** Add an attribute as GNU tar and Go write it: unencoded. */
function addSchilyXattr(attributes: PaxAttributes, keyword: string, value: Buffer, limits: PaxLimits): void {
  const name = xattrName(Buffer.from(keyword.slice(schilyXattr.length), 'latin1'));
  addXattr(attributes, name, Buffer.from(value), limits);
}

/** Add an attribute in libarchive's second form: name percent-encoded, value in base64. */
function addLibarchiveXattr(
  attributes: PaxAttributes,
  keyword: string,
  value: Buffer,
  limits: PaxLimits,
): void {
  const encodedName = keyword.slice(libarchiveXattr.length);
  const base64 = value.toString('latin1');
  if (/%(?![0-9A-Fa-f]{2})/.test(encodedName) || !/^[A-Za-z0-9+/]*={0,2}$/.test(base64)) {
    throw malformed(
      `pax record of ${JSON.stringify(keyword.slice(0, 80))} is not percent-encoded and base64`,
    );
  }
  const decoded = encodedName.replace(/%(..)/g, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
  const name = xattrName(Buffer.from(decoded, 'latin1'));
  if (attributes.xattrs?.has(name)) return; // the unencoded form of the same attribute has priority
  addXattr(attributes, name, Buffer.from(base64, 'base64'), limits);
}

function xattrName(bytes: Buffer): string {
  if (bytes.length === 0 || bytes.length > 255 || bytes.includes(0) || !isUtf8(bytes)) {
    throw malformed(`extended attribute name ${quoteBytes(bytes)} is not 1 to 255 bytes of UTF-8`);
  }
  return bytes.toString('utf8');
}

function addXattr(attributes: PaxAttributes, name: string, value: Buffer, limits: PaxLimits): void {
  if (value.length > limits.maxXattrBytes) {
    throw malformed(
      `extended attribute "${name}" has ${value.length} bytes, the limit is ${limits.maxXattrBytes}`,
    );
  }
  attributes.xattrs ??= new Map();
  attributes.xattrs.set(name, value);
}
