/**
 * gzip read by an inflater from outside, member after member, as `compression.ts` reads it by Node.js's zlib: members
 * are joined, zeros after the last are ignored, anything else there is refused.
 *
 * @see RFC 1952, section 2.2
 */
import { OutboardError } from '../errors/outboard-error.ts';

/** What one step made of a member. */
export interface InflateStep {
  /** How many bytes of the input it took: all of them unless there is more to come out, or the member has ended. */
  readonly consumed: number;
  /** Valid until the next step. */
  readonly output: Buffer;
  /** `more`: come again, with the rest of the input; `input`: all is out; `end`: the member ended and its checks held. */
  readonly next: 'more' | 'input' | 'end';
}

/** Undoes the compression of gzip members, one after the other: after `end` it is ready for the next. */
export interface GzipInflater {
  /**
   * Work on the next bytes of a member, header and trailer included.
   * @throws {Error} what is wrong with the data, in lower case; the inflater is of no use then
   */
  inflate(input: Uint8Array): InflateStep;
}

/** The first byte of a member's header. */
const memberStart = 0x1f;

/**
 * Inflate a gzip file.
 * @returns chunks, each valid until the next is asked for
 * @throws {OutboardError} invalid when the data is damaged, cut, or followed by anything but zeros; errors of the source
 */
export async function* inflateMembers(
  source: AsyncIterable<Uint8Array>,
  inflater: GzipInflater,
  signal: AbortSignal | undefined,
): AsyncGenerator<Buffer> {
  let place: Place = 'member';
  for await (const chunk of source) {
    for (let rest = chunk; ; ) {
      signal?.throwIfAborted();
      if (place !== 'member') place = placeOf(rest, place);
      if (place !== 'member') break;
      const { consumed, output, next } = step(inflater, rest);
      rest = rest.subarray(consumed);
      if (output.length > 0) yield output;
      if (next === 'end') place = 'between';
      if (next === 'input') break;
    }
  }
  if (place === 'member') throw damagedGzip(new Error('unexpected end of file'));
}

/** Inside a member, just after one, or in the zeros after the last. */
type Place = 'member' | 'between' | 'zeros';

/** Where `rest` leads to, all of which is looked at unless it begins another member. */
function placeOf(rest: Uint8Array, place: Place): Place {
  if (rest.length === 0) return place;
  if (place === 'between' && rest[0] === memberStart) return 'member';
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

export function damagedGzip(cause: Error): OutboardError {
  return new OutboardError('invalid', `gzip data is damaged or truncated: ${cause.message}`, { cause });
}

export function trailingGzipData(cause?: Error): OutboardError {
  return new OutboardError(
    'invalid',
    'gzip data is followed by something that is neither zeros nor gzip data',
    { cause },
  );
}
