/**
 * Docker's format for stdout and stderr in one body: frames with a header of 8 bytes, which are the number of the stream,
 * three zero bytes, and the length of the text in bytes, big-endian.
 * @see Docker Engine API v1.51, "Attach to a container", "Stream format"
 */
import { CommandError } from '../command-error.ts';

/** Text that was written to one stream. */
export interface Frame {
  readonly stream: 'stdout' | 'stderr';
  readonly text: Buffer;
}

const headerBytes = 8;

/** Upper bound of a frame: a line of 1 MiB with its time. */
const maxFrameBytes = 2 * 1024 * 1024;

/**
 * Read frames from an answer as they arrive. Stopping early destroys the answer.
 * @throws {CommandError} with the daemon's message if it could not send everything; for malformed frames
 */
export async function* readFrames(answer: AsyncIterable<Buffer>): AsyncGenerator<readonly Frame[]> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of answer) {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    const frames: Frame[] = [];
    let at = 0;
    let failure: CommandError | undefined;
    while (failure === undefined && bytes.length - at >= headerBytes) {
      const length = frameLength(bytes, at);
      if (bytes.length - at - headerBytes < length) break;
      const text = bytes.subarray(at + headerBytes, at + headerBytes + length);
      const number = bytes[at];
      at += headerBytes + length;
      if (number === 3) failure = new CommandError(`Error from daemon in stream: ${text.toString()}`);
      else frames.push({ stream: number === 1 ? 'stdout' : 'stderr', text });
    }
    if (frames.length > 0) yield frames;
    if (failure !== undefined) throw failure;
    rest = bytes.subarray(at);
  }
  if (rest.length > 0) throw new CommandError("the daemon's answer ended in the middle of a line");
}

function frameLength(bytes: Buffer, at: number): number {
  const number = bytes[at] ?? 0;
  const length = bytes.readUInt32BE(at + 4);
  if (number >= 1 && number <= 3 && length <= maxFrameBytes) return length;
  throw new CommandError('the daemon answered with something that is not a stream of lines');
}
