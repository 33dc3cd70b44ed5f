/**
 * The subset of Protocol Buffers 3 that log entries need. Every length is checked against the bytes that are left.
 * @see https://protobuf.dev/programming-guides/encoding/
 */
import { PluginError } from '../plugin-error.ts';

/** One field of a message: an unsigned number for a varint, bytes for all other types. */
export interface Field {
  readonly number: number;
  readonly value: bigint | Uint8Array;
}

const varintType = 0;
const bytesType = 2;
/** Types of fixed size, which no field of a log entry has; they are skipped. */
const fixedBytes: ReadonlyMap<number, bigint> = new Map([
  [1, 8n],
  [5, 4n],
]);
const maxVarintBytes = 10;

/** Fields of a message, in order. Bytes share the message's memory. @throws {PluginError} 400 if it is malformed */
export function* readFields(message: Uint8Array): Generator<Field, void, undefined> {
  let at = 0;
  const takeNumber = (): bigint => {
    let value = 0n;
    for (let index = 0; index < maxVarintBytes; index += 1) {
      const byte = message[at];
      if (byte === undefined) throw malformedEntry('a number ends after the message');
      at += 1;
      value |= BigInt(byte & 0x7f) << BigInt(7 * index);
      if (byte < 0x80) return BigInt.asUintN(64, value);
    }
    throw malformedEntry(`a number has more than ${maxVarintBytes} bytes`);
  };
  const takeBytes = (length: bigint): Uint8Array => {
    if (length > BigInt(message.length - at)) throw malformedEntry('a field ends after the message');
    const start = at;
    at += Number(length);
    return message.subarray(start, at);
  };
  while (at < message.length) {
    const tag = takeNumber();
    const number = Number(tag >> 3n);
    const type = Number(tag & 7n);
    if (number === 0) throw malformedEntry('there is no field 0');
    const fixed = fixedBytes.get(type);
    if (type === varintType) yield { number, value: takeNumber() };
    else if (type === bytesType) yield { number, value: takeBytes(takeNumber()) };
    else if (fixed !== undefined) yield { number, value: takeBytes(fixed) };
    else throw malformedEntry(`a field has the unknown type ${type}`);
  }
}

/** A number as a field. Zero is left out, as proto3 requires. */
export function numberField(number: number, value: bigint): Uint8Array {
  if (value === 0n) return new Uint8Array(0);
  return Uint8Array.from([...varint(BigInt(number << 3)), ...varint(BigInt.asUintN(64, value))]);
}

/** Bytes as a field, also empty ones. */
export function bytesField(number: number, value: Uint8Array): Uint8Array {
  const head = [...varint(BigInt((number << 3) | bytesType)), ...varint(BigInt(value.length))];
  return Buffer.concat([Uint8Array.from(head), value]);
}

/** The error for bytes that are no log entry. */
export function malformedEntry(problem: string): PluginError {
  return new PluginError(`malformed log entry: ${problem}`, { status: 400 });
}

function varint(value: bigint): readonly number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 0x7fn; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80);
  return [...bytes, Number(rest)];
}
