/**
 * Docker's format for stdout and stderr in one body: frames with a header of 8 bytes (number of the stream, three zeros,
 * length of the payload as 32 bits big-endian).
 * @see Docker Engine API v1.51, "Attach to a container", "Stream format"; moby pkg/stdcopy
 */
import type { LogLine } from '@outboard/engine';

/** Content type of the format since API v1.42. */
export const multiplexedContentType = 'application/vnd.docker.multiplexed-stream';

/** `systemerr` is the last frame of an incomplete stream, with the error; Docker's clients report it. */
const streamNumbers = { stdout: 1, stderr: 2, systemerr: 3 } as const;

const headerBytes = 8;
const lineEnd = Buffer.from('\n');

/**
 * Encode one frame for each line. An incomplete line, such as the last one of a stopped plugin, has no newline.
 * @param timestamps true if each line begins with its time
 */
export function encodeLines(lines: readonly LogLine[], timestamps: boolean): Buffer {
  const parts: Buffer[] = [];
  const formatTime = createTimeFormat();
  for (const { stream, timeNano, content, isComplete } of lines) {
    const time = timestamps ? Buffer.from(`${formatTime(timeNano)} `) : undefined;
    const end = isComplete ? lineEnd : undefined;
    parts.push(encodeHeader(stream, (time?.length ?? 0) + content.length + (end?.length ?? 0)));
    if (time !== undefined) parts.push(time);
    parts.push(content);
    if (end !== undefined) parts.push(end);
  }
  return Buffer.concat(parts);
}

/** Encode the last frame of a stream that failed. */
export function encodeFailure(message: string): Buffer {
  const text = Buffer.from(message);
  return Buffer.concat([encodeHeader('systemerr', text.length), text]);
}

function encodeHeader(stream: keyof typeof streamNumbers, length: number): Buffer {
  const header = Buffer.alloc(headerBytes);
  header[0] = streamNumbers[stream];
  header.writeUInt32BE(length, 4);
  return header;
}

/**
 * RFC 3339 in UTC with nanoseconds, as `docker logs --timestamps`. The last time is kept: all lines that a plugin writes at
 * once have the same.
 */
function createTimeFormat(): (timeNano: bigint) => string {
  let [last, text] = [-1n, ''];
  return (timeNano) => {
    if (timeNano === last) return text;
    const second = new Date(Number(timeNano / 1_000_000n)).toISOString().slice(0, 19);
    [last, text] = [timeNano, `${second}.${String(timeNano % 1_000_000_000n).padStart(9, '0')}Z`];
    return text;
  };
}
