/**
 * Finds the ends of zstd frames without decompressing them. Node.js (22.15 to 24) drops the bytes after a frame in the
 * same write, and accepts a truncated frame. Splitting the stream at frame ends, and detecting truncation here, avoids
 * both. Layers of several frames are common: zstd:chunked, pzstd.
 *
 * @see RFC 8878, section 3.1
 */
import { OutboardError } from '../errors/outboard-error.ts';
import type { InflateStep } from './gzip-members.ts';

const frameMagic = 0xfd2fb528;
const skippableMagic = 0x184d2a50;
const rleBlock = 1;
const reservedBlock = 3;
const checksumBytes = 4;
const dictionaryIdBytes = [0, 1, 2, 4];
const contentSizeBytes = [0, 2, 4, 8];

/** Inflates zstd frames one after the other, in the place of Node.js's. */
export interface ZstdInflater {
  /**
   * Process the next bytes.
   * @throws {Error} with the fault of the data in lower case; the inflater is unusable afterwards
   */
  inflate(input: Uint8Array): InflateStep;
}

/** The fixed-size fields, from which the length of the rest follows. */
type Field = 'magic' | 'descriptor' | 'frame-header' | 'block-header' | 'skippable-size';

/**
 * Split a zstd stream so that no chunk crosses a frame boundary.
 * @throws {OutboardError} invalid when it ends inside a frame, or has anything but frames
 */
export async function* splitZstdFrames(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const walk = new FrameWalk();
  for await (const chunk of source) {
    for (let at = 0; at < chunk.length; ) {
      const end = walk.advance(chunk, at);
      yield chunk.subarray(at, end);
      at = end;
    }
  }
  if (!walk.isBetweenFrames) throw new OutboardError('invalid', 'zstd data is truncated inside a frame');
}

/**
 * Inflate a zstd stream with an inflater that the caller provides.
 * @param frames as `splitZstdFrames` returns them
 * @returns chunks, each valid until the next one is requested
 * @throws {OutboardError} invalid when the data is damaged; errors of the source
 */
export async function* inflateFrames(
  frames: AsyncIterable<Uint8Array>,
  inflater: ZstdInflater,
  signal: AbortSignal | undefined,
): AsyncGenerator<Buffer> {
  for await (const chunk of frames) {
    for (let rest = chunk; ; ) {
      signal?.throwIfAborted();
      const { consumed, output, next } = stepZstd(inflater, rest);
      rest = rest.subarray(consumed);
      if (output.length > 0) yield output;
      if (next !== 'more' && rest.length === 0) break;
    }
  }
}

function stepZstd(inflater: ZstdInflater, input: Uint8Array): InflateStep {
  try {
    return inflater.inflate(input);
  } catch (cause) {
    if (!(cause instanceof Error)) throw cause;
    throw new OutboardError('invalid', `zstd data is damaged or truncated: ${cause.message}`, { cause });
  }
}

class FrameWalk {
  #field: Field = 'magic';
  readonly #bytes = Buffer.alloc(16);
  #wanted = 4;
  #filled = 0;
  /** Bytes to skip before the next field or the end of the frame. */
  #skip = 0;
  #endsAfterSkip = false;
  #hasChecksum = false;

  get isBetweenFrames(): boolean {
    return this.#field === 'magic' && this.#filled === 0;
  }

  /** @returns the end of the frame, or of the chunk if the frame continues */
  advance(chunk: Uint8Array, start: number): number {
    let at = start;
    while (at < chunk.length) {
      if (this.#skip > 0) {
        const passed = Math.min(this.#skip, chunk.length - at);
        this.#skip -= passed;
        at += passed;
      } else {
        this.#bytes[this.#filled++] = chunk[at++] as number; // `at` is inside the chunk
        if (this.#filled === this.#wanted) this.#interpret();
      }
      if (this.#skip === 0 && this.#endsAfterSkip) {
        this.#endsAfterSkip = false;
        this.#expect('magic', 4);
        return at;
      }
    }
    return at;
  }

  #expect(field: Field, bytes: number): void {
    this.#field = field;
    this.#wanted = bytes;
    this.#filled = 0;
  }

  #interpret(): void {
    switch (this.#field) {
      case 'magic':
        this.#readMagic(this.#bytes.readUInt32LE());
        break;
      case 'descriptor':
        this.#readDescriptor(this.#bytes.readUInt8());
        break;
      case 'frame-header':
        this.#expect('block-header', 3);
        break;
      case 'block-header':
        this.#readBlockHeader(this.#bytes.readUIntLE(0, 3));
        break;
      case 'skippable-size':
        this.#skip = this.#bytes.readUInt32LE();
        this.#endsAfterSkip = true;
    }
  }

  #readMagic(magic: number): void {
    if (magic === frameMagic) {
      this.#expect('descriptor', 1);
    } else if ((magic & 0xffff_fff0) >>> 0 === skippableMagic) {
      this.#expect('skippable-size', 4);
    } else {
      throw new OutboardError('invalid', 'zstd data is followed by something that is not a zstd frame');
    }
  }

  #readDescriptor(descriptor: number): void {
    const isSingleSegment = (descriptor & 0x20) !== 0;
    this.#hasChecksum = (descriptor & 0x04) !== 0;
    const dictionaryBytes = dictionaryIdBytes[descriptor & 3] as number; // two bits, four cases
    const sizeBytes = contentSizeBytes[descriptor >> 6] as number; // as above
    // A window descriptor of one byte, or a content size of at least one byte.
    this.#expect(
      'frame-header',
      dictionaryBytes + (isSingleSegment ? Math.max(sizeBytes, 1) : sizeBytes + 1),
    );
  }

  #readBlockHeader(header: number): void {
    const type = (header >> 1) & 3;
    if (type === reservedBlock)
      throw new OutboardError('invalid', 'zstd data has a block of a reserved type');
    this.#endsAfterSkip = (header & 1) !== 0;
    this.#skip = type === rleBlock ? 1 : header >> 3;
    if (this.#endsAfterSkip && this.#hasChecksum) this.#skip += checksumBytes;
    this.#expect('block-header', 3);
  }
}
