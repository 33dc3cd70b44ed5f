/**
 * Reads gzip files with an inflater that the caller provides, by the same rules as `compression.ts` with Node.js's zlib:
 * members are joined, zeros after the last one are ignored, other data there is refused.
 *
 * @see RFC 1952, section 2.2
 */
import { OutboardError } from '../errors/outboard-error.ts';

/** Result of one inflate step. */
export interface InflateStep {
  /** Bytes of the input that were consumed: all of them unless output is pending or the member has ended. */
  readonly consumed: number;
  /** Valid until the next step. */
  readonly output: Buffer;
  /** `more`: call again with the rest of the input; `input`: needs input; `end`: the member ended with a valid checksum. */
  readonly next: 'more' | 'input' | 'end';
}

/** Inflates gzip members one after the other: after `end` it is ready for the next one. */
export interface GzipInflater {
  /**
   * Process the next bytes of a member, header and trailer included.
   * @throws {Error} with the fault of the data in lower case; the inflater is unusable afterwards
   */
  inflate(input: Uint8Array): InflateStep;
}

/** The first byte of a member's header. */
const memberStart = 0x1f;

/**
 * Inflate a gzip file.
 * @returns chunks, each valid until the next one is requested
 * @throws {OutboardError} invalid when the data is damaged, truncated, or followed by anything but zeros; errors of the
 *   source
 */
export async function* inflateMembers(
  source: AsyncIterable<Uint8Array>,
  inflater: GzipInflater,
  signal: AbortSignal | undefined,
): AsyncGenerator<Buffer> {
  let position: Position = 'member';
  for await (const chunk of source) {
    for (let rest = chunk; ; ) {
      signal?.throwIfAborted();
      if (position !== 'member') position = positionOf(rest, position);
      if (position !== 'member') break;
      const { consumed, output, next } = step(inflater, rest);
      rest = rest.subarray(consumed);
      if (output.length > 0) yield output;
      if (next === 'end') position = 'between';
      if (next === 'input') break;
    }
  }
  if (position === 'member') throw damagedGzip(new Error('unexpected end of file'));
}

/** Position in the file: inside a member, directly after one, or in the zeros after the last one. */
type Position = 'member' | 'between' | 'zeros';

/** The position after `rest`, unless it begins another member: then the position at its start. */
function positionOf(rest: Uint8Array, position: Position): Position {
  if (rest.length === 0) return position;
  if (position === 'between' && rest[0] === memberStart) return 'member';
  if (rest.some((byte) => byte !== 0)) throw trailingGzipData();
  return 'zeros';
}

function step(inflater: GzipInflater, input: Uint8Array): InflateStep {
  try {
    return inflater.inflate(input);
  } catch (error) {
    throw error instanceof Error ? damagedGzip(error) : error;
  }
}

/** The error for damaged or truncated gzip data. */
export function damagedGzip(cause: Error): OutboardError {
  return new OutboardError('invalid', `gzip data is damaged or truncated: ${cause.message}`, { cause });
}

/** The error for data after the last gzip member that is not zeros. */
export function trailingGzipData(cause?: Error): OutboardError {
  return new OutboardError(
    'invalid',
    'gzip data is followed by something that is neither zeros nor gzip data',
    { cause },
  );
}
