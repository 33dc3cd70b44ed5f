/**
 * Frames between the command line and a command in a plugin: one byte for the kind of frame, three zero bytes, the
 * length of the payload in four bytes, big-endian.
 */
import { CommandError } from '../command-error.ts';
import { field } from '../json-field.ts';

/** Output of the command, or its exit code. */
export type ExecMessage =
  | { readonly stream: 'stdout' | 'stderr'; readonly data: Buffer }
  | { readonly exitCode: number };

const headerBytes = 8;
const maxFrameBytes = 16 * 1024 * 1024;
const kinds = { input: 0, stdout: 1, stderr: 2, resize: 5, exit: 6 } as const;
/** The daemon refuses larger frames. */
const maxInputBytes = 1024 * 1024;

/**
 * Messages of the daemon, as they arrive.
 * @throws {CommandError} for malformed frames
 */
export async function* readMessages(source: AsyncIterable<Buffer>): AsyncGenerator<ExecMessage, void> {
  let held: Buffer = Buffer.alloc(0);
  for await (const chunk of source) {
    held = held.length === 0 ? chunk : Buffer.concat([held, chunk]);
    while (held.length >= headerBytes) {
      const length = held.readUInt32BE(4);
      if (length > maxFrameBytes) throw unexpected();
      if (held.length < headerBytes + length) break;
      yield toMessage(held.readUInt8(0), held.subarray(headerBytes, headerBytes + length));
      held = held.subarray(headerBytes + length);
    }
  }
}

function toMessage(kind: number, data: Buffer): ExecMessage {
  if (kind === kinds.stdout) return { stream: 'stdout', data };
  if (kind === kinds.stderr) return { stream: 'stderr', data };
  if (kind !== kinds.exit) throw unexpected();
  const exitCode = field(JSON.parse(data.toString('utf8')), 'ExitCode');
  if (typeof exitCode !== 'number') throw unexpected();
  return { exitCode };
}

/** Frames with input for the command; empty data makes the frame that ends the input. */
export function* inputFrames(data: Buffer): Generator<Buffer, void> {
  if (data.length === 0) yield frame(kinds.input, data);
  for (let start = 0; start < data.length; start += maxInputBytes) {
    yield frame(kinds.input, data.subarray(start, start + maxInputBytes));
  }
}

/** Frame that reports a new size of the terminal. */
export function resizeFrame(size: TerminalSize): Buffer {
  return frame(kinds.resize, Buffer.from(JSON.stringify(size)));
}

/** Size of a terminal in characters, as in the daemon's document. */
export interface TerminalSize {
  readonly Width: number;
  readonly Height: number;
}

function frame(kind: number, payload: Buffer): Buffer {
  const header = Buffer.alloc(headerBytes);
  header.writeUInt8(kind, 0);
  header.writeUInt32BE(payload.length, 4);
  return Buffer.concat([header, payload]);
}

function unexpected(): CommandError {
  return new CommandError('the daemon answered with something that is not the output of a command');
}
