/**
 * Frames of log entries, in both directions: a length of four bytes, big-endian, and a message of that length.
 * @see moby api/types/plugins/logdriver/entry.proto and io.go
 */
import type { FragmentPosition, LogEntry } from './log-driver.ts';
import { bytesField, type Field, malformedEntry, numberField, readFields } from './protobuf.ts';

/** Upper bound of a message in bytes; engines cut lines after 16 KiB. */
const maxEntryBytes = 1024 * 1024;

const lengthBytes = 4;

/** The frame of an entry. */
export function encodeFrame(entry: LogEntry): Buffer {
  const { source, timeNano, line, isPartial = false, position } = entry;
  const message = Buffer.concat([
    bytesField(1, Buffer.from(source)),
    numberField(2, timeNano),
    bytesField(3, line),
    numberField(4, isPartial ? 1n : 0n),
    ...(position === undefined ? [] : [bytesField(5, encodePosition(position))]),
  ]);
  const length = Buffer.alloc(lengthBytes);
  length.writeUInt32BE(message.length);
  return Buffer.concat([length, message]);
}

function encodePosition({ isLast, id, ordinal }: FragmentPosition): Uint8Array {
  return Buffer.concat([
    numberField(1, isLast ? 1n : 0n),
    bytesField(2, Buffer.from(id)),
    numberField(3, BigInt(ordinal)),
  ]);
}

/** Decodes a stream of frames. At most one message is kept between chunks. */
export class FrameDecoder {
  #rest: Buffer;

  /** @param rest of an earlier decoder for the same stream */
  constructor(rest: Uint8Array = new Uint8Array(0)) {
    this.#rest = Buffer.from(rest);
  }

  /** Bytes of a frame that is not complete. */
  get rest(): Uint8Array {
    return this.#rest;
  }

  /**
   * Entries that are complete with a chunk.
   *
   * @throws {PluginError} for a message of more than 1 MiB and a malformed one; the decoder is of no use then
   */
  *push(chunk: Uint8Array): Generator<LogEntry, void, undefined> {
    const bytes = this.#rest.length === 0 ? Buffer.from(chunk) : Buffer.concat([this.#rest, chunk]);
    let at = 0;
    while (bytes.length - at >= lengthBytes) {
      const length = bytes.readUInt32BE(at);
      if (length > maxEntryBytes)
        throw malformedEntry(`it has ${length} bytes, at most ${maxEntryBytes} are taken`);
      const end = at + lengthBytes + length;
      if (end > bytes.length) break;
      yield decodeMessage(bytes.subarray(at + lengthBytes, end));
      at = end;
    }
    this.#rest = Buffer.from(bytes.subarray(at));
  }
}

/** The last of several fields with one number wins; unknown fields, such as attributes, are skipped. */
function decodeMessage(message: Uint8Array): LogEntry {
  const fields = new Map<number, Field>();
  for (const field of readFields(message)) fields.set(field.number, field);
  return {
    source: textOf(fields.get(1)),
    timeNano: BigInt.asIntN(64, numberOf(fields.get(2))),
    line: bytesOf(fields.get(3)),
    isPartial: numberOf(fields.get(4)) !== 0n,
    position: fields.has(5) ? decodePosition(bytesOf(fields.get(5))) : undefined,
  };
}

function decodePosition(message: Uint8Array): FragmentPosition {
  const fields = new Map<number, Field>();
  for (const field of readFields(message)) fields.set(field.number, field);
  return {
    isLast: numberOf(fields.get(1)) !== 0n,
    id: textOf(fields.get(2)),
    ordinal: Number(BigInt.asIntN(32, numberOf(fields.get(3)))),
  };
}

function numberOf(field: Field | undefined): bigint {
  const value = field?.value ?? 0n;
  if (typeof value === 'bigint') return value;
  throw malformedEntry(`field ${field?.number} is not a number`);
}

function bytesOf(field: Field | undefined): Uint8Array {
  const value = field?.value ?? new Uint8Array(0);
  if (typeof value !== 'bigint') return value;
  throw malformedEntry(`field ${field?.number} is a number`);
}

function textOf(field: Field | undefined): string {
  return new TextDecoder().decode(bytesOf(field));
}
