/**
 * The frames of an exec connection: Docker's header (kind, three zero bytes, length as 32 bits big-endian) before each
 * payload, with kinds of our own beside Docker's streams 0, 1 and 2.
 * @see moby api/pkg/stdcopy, whose header it is
 */
import { HttpError } from '../http/errors.ts';

/** What a frame holds. */
export const frameKinds = {
  /** Input; a frame of nothing is its end. */
  input: 0,
  output: 1,
  errors: 2,
  /** JSON, `{"Height": rows, "Width": columns}`. */
  resize: 5,
  /** JSON, `{"ExitCode": n}`; the last frame. */
  exit: 6,
} as const;

const headerBytes = 8;
/** Of a frame that a client sends. */
const maxInputBytes = 1024 * 1024;

export interface Frame {
  readonly kind: number;
  readonly payload: Buffer;
}

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
  const header = Buffer.alloc(headerBytes);
  header.writeUInt8(kind, 0);
  header.writeUInt32BE(payload.length, 4);
  return Buffer.concat([header, payload]);
}

/**
 * The size of a terminal as clients send it.
 * @throws {HttpError} 400
 */
export function readTerminalSize(document: unknown): { readonly columns: number; readonly rows: number } {
  const { Width, Height } = Object(document) as { readonly Width?: unknown; readonly Height?: unknown };
  if (isLength(Width) && isLength(Height)) return { columns: Width, rows: Height };
  throw new HttpError(400, 'invalid size of a terminal: want "Width" and "Height" from 0 to 65535');
}

function isLength(value: unknown): value is number {
  return Number.isInteger(value) && Number(value) >= 0 && Number(value) <= 0xffff;
}

export function parseSize(payload: Buffer) {
  return readTerminalSize(JSON.parse(payload.toString('utf8')));
}
