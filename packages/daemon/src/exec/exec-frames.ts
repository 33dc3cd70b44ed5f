/**
 * The frames of an exec connection: Docker's header (kind, three zero bytes, length as 32 bits big-endian) before each
 * payload, with additional kinds beside Docker's streams 0, 1 and 2.
 * @see moby api/pkg/stdcopy, whose header it is
 */
import { codec, type ValueOf } from '@outboard/oci';
import { HttpError } from '../http/errors.ts';
import { decodeJson } from '../http/json-body.ts';

/** Kinds of frames, by the meaning of the payload. */
export const frameKinds = {
  /** Input of the command; an empty payload is the end of input. */
  input: 0,
  output: 1,
  errors: 2,
  /** JSON, `{"Height": rows, "Width": columns}`. */
  resize: 5,
  /** JSON, `{"ExitCode": n}`; the last frame. */
  exit: 6,
} as const;

const headerBytes = 8;
/** Upper bound of a frame from a client. */
const maxInputBytes = 1024 * 1024;

/** One frame of a client. */
export interface Frame {
  readonly kind: number;
  readonly payload: Buffer;
}

/**
 * Parse the frames of a client as they arrive. Ends with the source; an incomplete last frame is dropped.
 * @throws {HttpError} 400 if a frame exceeds the limit
 */
export async function* readFrames(source: AsyncIterable<Buffer>): AsyncGenerator<Frame, void> {
  let held = Buffer.alloc(0);
  for await (const chunk of source) {
    held = Buffer.concat([held, chunk]);
    while (held.length >= headerBytes) {
      const length = held.readUInt32BE(4);
      if (length > maxInputBytes) throw new HttpError(400, `a frame of ${length} bytes is too large`);
      const end = headerBytes + length;
      if (held.length < end) break;
      yield { kind: held.readUInt8(0), payload: held.subarray(headerBytes, end) };
      held = held.subarray(end);
    }
  }
}

/** One frame, of at most 4 GiB. */
export function encodeFrame(kind: number, payload: Uint8Array): Buffer {
  return Buffer.concat([encodeHeader(kind, payload.length), payload]);
}

/** The bytes before a payload of at most 4 GiB. */
export function encodeHeader(kind: number, length: number): Buffer {
  const header = Buffer.alloc(headerBytes);
  header.writeUInt8(kind, 0);
  header.writeUInt32BE(length, 4);
  return header;
}

/** The size of a terminal in characters, as clients send it. */
export const terminalSizeCodec = codec.object({
  columns: codec.field('Width', codec.required(codec.wholeNumber(0, 0xffff))),
  rows: codec.field('Height', codec.required(codec.wholeNumber(0, 0xffff))),
});

/**
 * Parse the payload of a frame of kind `resize`.
 * @throws {HttpError} 400; {SyntaxError} if it is not JSON
 */
export function parseSize(payload: Buffer): ValueOf<typeof terminalSizeCodec> {
  return decodeJson(JSON.parse(payload.toString('utf8')), codec.required(terminalSizeCodec));
}
