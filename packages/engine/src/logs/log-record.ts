/**
 * Reads one record of a log as conmon writes it, in the form of the Kubernetes CRI:
 * `2026-01-31T10:00:00.000000000+00:00 stdout F text`, where `P` marks a piece of a line that goes on.
 * Text stays bytes: what a plugin writes need not be UTF-8.
 * @see kubernetes pkg/kubelet/kuberuntime/logs, "CRI log format"
 */

/** The two outputs of a program. */
export type OutputStream = 'stdout' | 'stderr';

/** A line, or a piece of one. */
export interface LogRecord {
  readonly stream: OutputStream;
  /** When conmon read it, in nanoseconds since the epoch. */
  readonly timeNano: bigint;
  /** Whether the line ends here. */
  readonly endsLine: boolean;
  /** A view of the bytes that were parsed. */
  readonly content: Buffer;
}

/** Parses records; undefined for what is none. */
export type ParseLogRecord = (record: Buffer) => LogRecord | undefined;

/** RFC 3339 with nanoseconds and an offset has 35 bytes. */
const maxTimestampLength = 40;
const space = 0x20;
const tagFull = 0x46;
const tagPiece = 0x50;

/**
 * A parser for records in their order. It remembers the last timestamp, since all lines that conmon reads at once have
 * the same one.
 */
export function createRecordParser(): ParseLogRecord {
  let known = { text: '', timeNano: 0n };
  return (record) => {
    const header = readHeader(record);
    if (header === undefined) return undefined;
    const text = record.toString('latin1', 0, header.timestampEnd);
    if (text !== known.text) {
      const timeNano = parseTimestamp(text);
      if (timeNano === undefined) return undefined;
      known = { text, timeNano };
    }
    return {
      stream: header.stream,
      timeNano: known.timeNano,
      endsLine: header.endsLine,
      content: record.subarray(header.contentStart),
    };
  };
}

/** What stands before a record's text. */
export interface RecordHeader {
  readonly timestampEnd: number;
  readonly stream: OutputStream;
  readonly endsLine: boolean;
  readonly contentStart: number;
}

/** Stream and tag of a record; undefined when it has none where they belong. The timestamp is not looked at. */
export function readHeader(record: Buffer): RecordHeader | undefined {
  const timestampEnd = record.indexOf(space);
  if (timestampEnd < 1 || timestampEnd > maxTimestampLength) return undefined;
  const name = record.toString('latin1', timestampEnd + 1, timestampEnd + 8);
  if (name !== 'stdout ' && name !== 'stderr ') return undefined;
  const tag = record[timestampEnd + 8];
  if ((tag !== tagFull && tag !== tagPiece) || record[timestampEnd + 9] !== space) return undefined;
  return {
    timestampEnd,
    stream: name === 'stdout ' ? 'stdout' : 'stderr',
    endsLine: tag === tagFull,
    contentStart: timestampEnd + 10,
  };
}

const timestamp = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)$/;

/**
 * Nanoseconds since the epoch of an RFC 3339 time.
 * @returns undefined when it is none, such as one on the 31st of February
 */
export function parseTimestamp(text: string): bigint | undefined {
  const [, second = '', fraction = '', zone = ''] = timestamp.exec(text) ?? [];
  const milliseconds = Date.parse(`${second}${zone}`);
  // Date.parse takes the 31st of February for the 3rd of March.
  if (Number.isNaN(milliseconds) || !isRealDay(second)) return undefined;
  return BigInt(milliseconds) * 1_000_000n + BigInt(fraction.padEnd(9, '0'));
}

function isRealDay(second: string): boolean {
  const date = new Date(`${second.slice(0, 10)}T00:00:00Z`);
  return !Number.isNaN(date.getTime()) && date.toISOString().slice(0, 10) === second.slice(0, 10);
}
