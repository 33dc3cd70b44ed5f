/**
 * The subset of Protocol Buffers 3 that log entries need. Every length is checked against the bytes that are left.
 * @see https://protobuf.dev/programming-guides/encoding/
 */
import { OutboardError } from '@outboard/oci';

/** Wire types of values. */
const wireType = { varint: 0, fixed64: 1, bytes: 2, fixed32: 5 } as const;

/** One field of a message: an unsigned 64-bit number for a varint, bytes for all other wire types. */
export interface ProtobufField {
  readonly number: number;
  readonly value: bigint | Uint8Array;
}

const maxFieldNumber = 2 ** 29 - 1;
const maxVarintBytes = 10;

/**
 * The fields of a message, in order. Byte values share the message's memory.
 * @throws {OutboardError} system, code `plugin-reply-malformed`
 */
export function* readFields(message: Uint8Array): Generator<ProtobufField, void, undefined> {
  let offset = 0;
  const takeVarint = (): bigint => {
    const varint = readVarint(message, offset);
    offset = varint.end;
    return varint.value;
  };
  const takeBytes = (length: bigint): Uint8Array => {
    if (length > BigInt(message.length - offset)) {
      throw malformed(`a field of ${length} bytes ends after the message`);
    }
    const start = offset;
    offset += Number(length);
    return message.subarray(start, offset);
  };
  while (offset < message.length) {
    const tag = takeVarint();
    const number = tag >> 3n;
    const type = Number(tag & 7n);
    if (number === 0n || number > maxFieldNumber) throw malformed(`there is no field number ${number}`);
    if (type === wireType.varint) yield { number: Number(number), value: takeVarint() };
    else if (type === wireType.bytes) yield { number: Number(number), value: takeBytes(takeVarint()) };
    else if (type === wireType.fixed64) yield { number: Number(number), value: takeBytes(8n) };
    else if (type === wireType.fixed32) yield { number: Number(number), value: takeBytes(4n) };
    else throw malformed(`field ${number} has the unknown wire type ${type}`);
  }
}

function readVarint(message: Uint8Array, start: number): { readonly value: bigint; readonly end: number } {
  let value = 0n;
  for (let length = 0; length < maxVarintBytes; length += 1) {
    const byte = message[start + length];
    if (byte === undefined) throw malformed('a number ends after the message');
    value |= BigInt(byte & 0x7f) << BigInt(7 * length);
    if (byte < 0x80) {
      if (value > 0xffff_ffff_ffff_ffffn) throw malformed('a number has more than 64 bits');
      return { value, end: start + length + 1 };
    }
  }
  throw malformed(`a number has more than ${maxVarintBytes} bytes`);
}

/** Encode a number as a field. Zero is left out, as proto3 requires. @param value -2^63 to 2^64 - 1 */
export function varintField(number: number, value: bigint): Uint8Array {
  if (value === 0n) return noBytes;
  return Uint8Array.from([
    ...varint(BigInt((number << 3) | wireType.varint)),
    ...varint(BigInt.asUintN(64, value)),
  ]);
}

/** Encode bytes as a field. An empty field is left out unless it is an embedded message. */
export function bytesField(number: number, value: Uint8Array, isMessage = false): Uint8Array {
  if (value.length === 0 && !isMessage) return noBytes;
  const tag = varint(BigInt((number << 3) | wireType.bytes));
  return Buffer.concat([Uint8Array.from([...tag, ...varint(BigInt(value.length))]), value]);
}

const noBytes = new Uint8Array(0);

function varint(value: bigint): readonly number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 0x7fn; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80);
  return [...bytes, Number(rest)];
}

/** The error for a message that a plugin sent. @param problem what is wrong with it */
export function malformed(problem: string): OutboardError {
  return new OutboardError('system', `malformed log entry: ${problem}`, { code: 'plugin-reply-malformed' });
}
