/**
 * Log entries on the wire between host and log driver, in both directions: a length of four bytes, big-endian, and a
 * Protocol Buffers message of that length.
 * @see moby api/types/plugins/logdriver/entry.proto and io.go (28.x)
 */
import { OutboardError } from '@outboard/oci';
import { bytesField, malformed, type ProtobufField, readFields, varintField } from './protobuf.ts';

/** One line of a container's output, or a fragment of one. */
export interface LogEntry {
  /** `stdout` or `stderr`. */
  readonly source: string;
  /** Unix time in nanoseconds. */
  readonly timeNano: bigint;
  /** Without its line break towards a driver, with it from a driver. */
  readonly line: Uint8Array;
  /** True for a fragment of a line, the last one included. */
  readonly partial: boolean;
  readonly partialMetadata?: PartialMetadata | undefined;
}

/** Position of a fragment in its line. */
export interface PartialMetadata {
  readonly last: boolean;
  /** Common to all fragments of a line. */
  readonly id: string;
  /** From 1. */
  readonly ordinal: number;
}

/** Upper bound of a message in bytes; Docker splits lines into fragments of 16 KiB. */
export const maxLogEntryBytes = 1024 * 1024;

const lengthBytes = 4;
const minInt64 = -(2n ** 63n);
const maxInt64 = 2n ** 63n - 1n;

/**
 * Encode an entry with its length.
 * @throws {OutboardError} invalid for numbers out of range and for more than 1 MiB
 */
export function encodeLogEntry(entry: LogEntry): Buffer {
  const { source, timeNano, line, partial, partialMetadata } = entry;
  if (timeNano < minInt64 || timeNano > maxInt64) {
    throw new OutboardError('invalid', `time ${timeNano}: want nanoseconds in 64 bits`);
  }
  const message = Buffer.concat([
    bytesField(1, Buffer.from(source)),
    varintField(2, timeNano),
    bytesField(3, line),
    varintField(4, partial ? 1n : 0n),
    ...(partialMetadata === undefined ? [] : [bytesField(5, encodeMetadata(partialMetadata), true)]),
  ]);
  if (message.length > maxLogEntryBytes) {
    const problem = `want at most ${maxLogEntryBytes} bytes, got ${message.length}`;
    throw new OutboardError('invalid', `log entry is too large: ${problem}`);
  }
  const length = Buffer.alloc(lengthBytes);
  length.writeUInt32BE(message.length);
  return Buffer.concat([length, message]);
}

function encodeMetadata({ last, id, ordinal }: PartialMetadata): Uint8Array {
  if (ordinal !== (ordinal | 0)) {
    throw new OutboardError('invalid', `ordinal ${ordinal}: want a whole number of 32 bits`);
  }
  return Buffer.concat([
    varintField(1, last ? 1n : 0n),
    bytesField(2, Buffer.from(id)),
    varintField(3, BigInt(ordinal)),
  ]);
}

/**
 * Decode entries from chunks of any size. At most one entry is in memory.
 * @throws {OutboardError} system, code `plugin-reply-malformed`, for an entry of more than 1 MiB, a truncated entry or a
 *   malformed message; errors of the source
 */
export async function* decodeLogEntries(
  source: AsyncIterable<Uint8Array>,
): AsyncGenerator<LogEntry, void, undefined> {
  const length = Buffer.alloc(lengthBytes);
  // Undefined while the length is being read.
  let message: Buffer | undefined;
  let filled = 0;
  for await (const chunk of source) {
    let offset = 0;
    while (offset < chunk.length) {
      const target = message ?? length;
      const taken = chunk.subarray(offset, offset + target.length - filled);
      target.set(taken, filled);
      offset += taken.length;
      filled += taken.length;
      if (filled < target.length) break;
      filled = 0;
      if (message === undefined) {
        message = Buffer.alloc(checkLength(length.readUInt32BE()));
        if (message.length > 0) continue;
      }
      yield decodeMessage(message);
      message = undefined;
    }
  }
  if (message !== undefined || filled > 0) throw malformed('it is cut off');
}

function checkLength(length: number): number {
  if (length <= maxLogEntryBytes) return length;
  throw malformed(`want at most ${maxLogEntryBytes} bytes, got ${length}`);
}

/** The last of several fields with one number wins; unknown fields, such as attributes, are skipped. */
function decodeMessage(message: Uint8Array): LogEntry {
  let entry: LogEntry = { source: '', timeNano: 0n, line: new Uint8Array(0), partial: false };
  for (const field of readFields(message)) {
    if (field.number === 1) entry = { ...entry, source: textOf(field) };
    if (field.number === 2) entry = { ...entry, timeNano: BigInt.asIntN(64, numberOf(field)) };
    if (field.number === 3) entry = { ...entry, line: bytesOf(field) };
    if (field.number === 4) entry = { ...entry, partial: numberOf(field) !== 0n };
    if (field.number === 5) {
      entry = { ...entry, partialMetadata: decodeMetadata(bytesOf(field), entry.partialMetadata) };
    }
  }
  return entry;
}

/** @param before value of an earlier field with this number: embedded messages are merged */
function decodeMetadata(message: Uint8Array, before: PartialMetadata | undefined): PartialMetadata {
  let metadata = before ?? { last: false, id: '', ordinal: 0 };
  for (const field of readFields(message)) {
    if (field.number === 1) metadata = { ...metadata, last: numberOf(field) !== 0n };
    if (field.number === 2) metadata = { ...metadata, id: textOf(field) };
    if (field.number === 3) metadata = { ...metadata, ordinal: Number(BigInt.asIntN(32, numberOf(field))) };
  }
  return metadata;
}

function numberOf({ number, value }: ProtobufField): bigint {
  if (typeof value === 'bigint') return value;
  throw malformed(`want field ${number} to be a number, got bytes`);
}

function bytesOf({ number, value }: ProtobufField): Uint8Array {
  if (typeof value !== 'bigint') return value;
  throw malformed(`want field ${number} to be bytes, got a number`);
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function textOf(field: ProtobufField): string {
  const bytes = bytesOf(field);
  try {
    return utf8.decode(bytes);
  } catch {
    throw malformed(`want field ${field.number} to be UTF-8`);
  }
}
