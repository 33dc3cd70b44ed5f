/**
 * Parses records of a log as conmon writes it, in the CRI log format: `2026-01-31T10:00:00.000000000+00:00 stdout F
 * text`, where `P` in place of `F` marks a partial line. Text stays bytes, since output need not be UTF-8.
 * @see kubernetes pkg/kubelet/kuberuntime/logs, "CRI log format"
 */

/** The two outputs of a program. */
export type OutputStream = 'stdout' | 'stderr';

/** A line, or a piece of one. */
export interface LogRecord {
  readonly stream: OutputStream;
  /** Time at which conmon read it, in nanoseconds since the epoch. */
  readonly timeNano: bigint;
  /** False for a piece of a line that continues. */
  readonly endsLine: boolean;
  /** A view of the parsed bytes. */
  readonly content: Buffer;
}

/** Parses the record between two offsets; undefined when it is malformed. */
export type ParseLogRecord = (bytes: Buffer, start: number, end: number) => LogRecord | undefined;

/** RFC 3339 with nanoseconds and an offset has 35 bytes. */
const maxTimestampLength = 40;

const space = 0x20;
const stdout = Buffer.from(' stdout ');
const stderr = Buffer.from(' stderr ');
const tagFull = 0x46;
const tagPiece = 0x50;

/**
 * Create a parser for consecutive records. It caches the last timestamp, since all lines of one read of conmon have
 * the same. It allocates no more objects than it returns: a container may write a million lines a second.
 */
export function createRecordParser(): ParseLogRecord {
  let known = { text: Buffer.alloc(0), timeNano: 0n };
  return (bytes, start, end) => {
    const header = readHeader(bytes, start, end);
    if (header === undefined) return undefined;
    if (header.timestampEnd - start !== known.text.length || !hasAt(bytes, start, known.text)) {
      const text = Buffer.from(bytes.subarray(start, header.timestampEnd));
      const timeNano = parseTimestamp(text.toString('latin1'));
      if (timeNano === undefined) return undefined;
      known = { text, timeNano };
    }
    return {
      stream: header.stream,
      timeNano: known.timeNano,
      endsLine: header.endsLine,
      content: bytes.subarray(header.contentStart, end),
    };
  };
}

/** Header of a record, as offsets into the bytes. */
export interface RecordHeader {
  readonly timestampEnd: number;
  readonly stream: OutputStream;
  readonly endsLine: boolean;
  readonly contentStart: number;
}

/** Parse stream and tag of a record; undefined when it is malformed. The timestamp is not checked. */
export function readHeader(bytes: Buffer, start: number, end: number): RecordHeader | undefined {
  let timestampEnd = start;
  while (bytes[timestampEnd] !== space) {
    timestampEnd += 1;
    if (timestampEnd >= end || timestampEnd > start + maxTimestampLength) return undefined;
  }
  const contentStart = timestampEnd + 10;
  if (timestampEnd === start || contentStart > end) return undefined;
  const isStdout = hasAt(bytes, timestampEnd, stdout);
  if (!isStdout && !hasAt(bytes, timestampEnd, stderr)) return undefined;
  const tag = bytes[contentStart - 2];
  if ((tag !== tagFull && tag !== tagPiece) || bytes[contentStart - 1] !== space) return undefined;
  return { timestampEnd, stream: isStdout ? 'stdout' : 'stderr', endsLine: tag === tagFull, contentStart };
}

function hasAt(bytes: Buffer, start: number, wanted: Buffer): boolean {
  for (let index = 0; index < wanted.length; index += 1) {
    if (bytes[start + index] !== wanted[index]) return false;
  }
  return true;
}

const timestamp = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)$/;

/**
 * Parse an RFC 3339 time to nanoseconds since the epoch.
 * @returns undefined when it is invalid, such as one on February 31
 */
export function parseTimestamp(text: string): bigint | undefined {
  const [, second = '', fraction = '', zone = ''] = timestamp.exec(text) ?? [];
  const milliseconds = Date.parse(`${second}${zone}`);
  // Date.parse reads February 31 as March 3.
  if (Number.isNaN(milliseconds) || !isRealDay(second)) return undefined;
  return BigInt(milliseconds) * 1_000_000n + BigInt(fraction.padEnd(9, '0'));
}

function isRealDay(second: string): boolean {
  const date = new Date(`${second.slice(0, 10)}T00:00:00Z`);
  return !Number.isNaN(date.getTime()) && date.toISOString().slice(0, 10) === second.slice(0, 10);
}
