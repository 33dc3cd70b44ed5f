/**
 * Layer compression: detected by magic bytes, never by media type, and decompressed in this process, so that no
 * external program takes part. Only one level is decompressed: the tar reader refuses anything but a tar archive inside.
 */

import type { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import zlib from 'node:zlib';
import type { Cancellable } from '@outboard/async';
import { isOutboardError, OutboardError } from '../errors/outboard-error.ts';
import { damagedGzip, type GzipInflater, inflateMembers, trailingGzipData } from './gzip-members.ts';
import { inflateFrames, splitZstdFrames, type ZstdInflater } from './zstd-frames.ts';

/** Supported compression of a layer; `none` for data without a known magic. */
export type LayerCompression = 'none' | 'gzip' | 'zstd';

/** Result of the detection; `xz` and `bzip2` are detected so that they can be refused by name. */
export type DetectedCompression = LayerCompression | 'xz' | 'bzip2';

/** A layer whose uncompressed content can be read. */
export interface DecompressedLayer {
  readonly compression: LayerCompression;
  /**
   * The uncompressed bytes. Reading to the end or stopping early closes the source; errors of the source pass through.
   * The length is not bounded: the reader counts.
   * @throws {OutboardError} invalid when the compressed data is damaged, truncated, or followed by anything but zeros
   */
  readonly content: AsyncIterable<Buffer>;
}

/** Options of `decompress()`. */
export interface DecompressOptions extends Cancellable {
  /** Size of the chunks of `content`, in bytes; default 256 KiB. */
  readonly chunkBytes?: number | undefined;
  /**
   * Creates an inflater that replaces Node.js's zlib and runs on the calling thread, with output chunks of the given
   * size. Each chunk of `content` is then valid only until the next one is requested.
   */
  readonly makeGzipInflater?: ((chunkBytes: number) => GzipInflater) | undefined;
  /** Creates a decompressor of zstd for versions of Node.js without; it works as `makeGzipInflater` does. */
  readonly makeZstdInflater?: ((chunkBytes: number) => ZstdInflater) | undefined;
  /** True if a chunk of the source is valid only until the next one is requested; default false. */
  readonly reusesChunks?: boolean | undefined;
}

/** Bytes that `detectCompression` needs; a shorter file has fewer. */
const detectionBytes = 10;

/** Log2 of the largest zstd window, 128 MiB: the bound of the zstd command line on the memory of a frame. */
const zstdWindowLogMax = 27;

// bzip2's magic is printable, so a tar archive may begin with "BZh": the block header after it decides.
const magics: readonly (readonly [DetectedCompression, Buffer])[] = [
  ['gzip', Buffer.from('1f8b08', 'hex')],
  ['zstd', Buffer.from('28b52ffd', 'hex')],
  ['xz', Buffer.from('fd377a585a00', 'hex')],
];
const bzip2Block = Buffer.from('314159265359', 'hex');
const bzip2End = Buffer.from('177245385090', 'hex');

/**
 * Detect the compression of data.
 * @param prefix the first `detectionBytes` bytes, or all of shorter data
 * @see RFC 1952 (gzip), RFC 8878 (zstd)
 */
export function detectCompression(prefix: Uint8Array): DetectedCompression {
  for (const [compression, magic] of magics) {
    if (magic.equals(prefix.subarray(0, magic.length))) return compression;
  }
  const start = Buffer.from(prefix.subarray(0, 3)).toString('latin1');
  const block = prefix.subarray(4, 10);
  if (start === 'BZh' && (bzip2Block.equals(block) || bzip2End.equals(block))) return 'bzip2';
  return 'none';
}

/**
 * Detect a layer's compression and decompress it. The source is read only a little ahead of `content`: decompression
 * runs in the thread pool while the caller works on the previous chunk.
 *
 * gzip members are joined, as RFC 1952 and other readers of layers do, and trailing zeros are ignored.
 *
 * @throws {OutboardError} invalid for xz, bzip2, and for zstd on a Node.js without zstd; errors of the source
 */
export async function decompress(
  source: AsyncIterable<Uint8Array>,
  options: DecompressOptions = {},
): Promise<DecompressedLayer> {
  options.signal?.throwIfAborted();
  const iterator = source[Symbol.asyncIterator]();
  try {
    const chunks = await readPrefix(iterator, options.reusesChunks === true);
    const compression = requireSupported(detectCompression(Buffer.concat(chunks)));
    const input = resume(chunks, iterator);
    return { compression, content: contentOf(compression, input, options) };
  } catch (error) {
    await iterator.return?.();
    throw error;
  }
}

function contentOf(
  compression: LayerCompression,
  input: AsyncIterable<Uint8Array>,
  {
    chunkBytes = 256 * 1024,
    makeGzipInflater,
    makeZstdInflater,
    reusesChunks = false,
    signal,
  }: DecompressOptions,
): AsyncIterable<Buffer> {
  // Node.js's zlib refers to its input until the thread pool has processed it.
  const kept = () => (reusesChunks ? copyChunks(input) : input);
  switch (compression) {
    case 'none':
      return passThrough(input, signal);
    case 'gzip':
      return makeGzipInflater === undefined
        ? gunzip(kept(), chunkBytes, signal)
        : inflateMembers(input, makeGzipInflater(chunkBytes), signal);
    case 'zstd':
      if (makeZstdInflater !== undefined) {
        return inflateFrames(splitZstdFrames(input), makeZstdInflater(chunkBytes), signal);
      }
      return run(createZstdEngine(chunkBytes), 'zstd', splitZstdFrames(kept()), signal);
  }
}

async function* copyChunks(input: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const chunk of input) yield Buffer.from(chunk);
}

/** Read complete chunks until `detectionBytes` are there, or the source ends. */
async function readPrefix(iterator: AsyncIterator<Uint8Array>, copies: boolean): Promise<Uint8Array[]> {
  const chunks: Uint8Array[] = [];
  for (let length = 0; length < detectionBytes; ) {
    const next = await iterator.next();
    if (next.done === true) break;
    chunks.push(copies ? Buffer.from(next.value) : next.value);
    length += next.value.length;
  }
  return chunks;
}

/** Continue an iterator whose first `chunks` were read already. */
async function* resume(
  chunks: readonly Uint8Array[],
  iterator: AsyncIterator<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  try {
    yield* chunks;
    for (let next = await iterator.next(); next.done !== true; next = await iterator.next()) yield next.value;
  } finally {
    await iterator.return?.();
  }
}

async function* passThrough(
  input: AsyncIterable<Uint8Array>,
  signal: AbortSignal | undefined,
): AsyncGenerator<Buffer> {
  for await (const chunk of input) {
    signal?.throwIfAborted();
    yield Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
  }
}

/** Node.js joins members and checks each CRC, but ignores all bytes after a zero byte that follows a member. */
async function* gunzip(
  input: AsyncIterable<Uint8Array>,
  chunkBytes: number,
  signal: AbortSignal | undefined,
): AsyncGenerator<Buffer> {
  const engine = zlib.createGunzip(engineOptions(chunkBytes));
  let length = 0;
  let significantLength = 0;
  async function* measured(): AsyncGenerator<Uint8Array> {
    for await (const chunk of input) {
      const end = lengthWithoutTrailingZeros(chunk);
      if (end > 0) significantLength = length + end;
      length += chunk.length;
      yield chunk;
    }
  }
  yield* run(engine, 'gzip', measured(), signal);
  if (engine.bytesWritten < significantLength) {
    throw trailingGzipData();
  }
}

function lengthWithoutTrailingZeros(chunk: Uint8Array): number {
  let length = chunk.length;
  while (length > 0 && chunk[length - 1] === 0) length--;
  return length;
}

async function* run(
  engine: Transform,
  format: string,
  input: AsyncIterable<Uint8Array>,
  signal: AbortSignal | undefined,
): AsyncGenerator<Buffer> {
  const fed = pipeline(input, engine, signal === undefined ? {} : { signal });
  // A failed pipeline destroys the engine with the same error, which the loop below throws.
  fed.catch(() => {});
  try {
    // The engine ends with the last member, but more bytes may follow in the source: they are read and checked.
    for await (const chunk of engine.iterator({ destroyOnReturn: false })) yield chunk;
    await fed;
  } catch (error) {
    signal?.throwIfAborted();
    throw isEngineError(error) ? damaged(format, error) : error;
  } finally {
    engine.destroy();
  }
}

function requireSupported(compression: DetectedCompression): LayerCompression {
  if (compression === 'xz' || compression === 'bzip2') {
    throw new OutboardError(
      'invalid',
      `layers compressed with ${compression} are not supported, want gzip or zstd`,
    );
  }
  return compression;
}

/**
 * Two chunks may be buffered on either side, so that the thread pool works while the caller does: with Node.js's default
 * of 16 KiB for input, it waited for the caller after every chunk.
 */
function engineOptions(chunkBytes: number): zlib.ZlibOptions & {
  readonly readableHighWaterMark: number;
  readonly writableHighWaterMark: number;
} {
  const highWaterMark = 2 * chunkBytes;
  return {
    chunkSize: chunkBytes,
    readableHighWaterMark: highWaterMark,
    writableHighWaterMark: highWaterMark,
  };
}

/** The zstd support of Node.js 22.15 and later. */
interface ZstdSupport {
  readonly createZstdDecompress?: (
    options: zlib.ZlibOptions & { readonly params: Readonly<Record<number, number>> },
  ) => Transform;
  readonly constants: { readonly ZSTD_d_windowLogMax?: number };
}

const zstd = zlib as typeof zlib & ZstdSupport; // the types are of Node.js 20; both members are optional

function createZstdEngine(chunkBytes: number): Transform {
  const windowLogMax = zstd.constants.ZSTD_d_windowLogMax;
  if (zstd.createZstdDecompress === undefined || windowLogMax === undefined) {
    throw new OutboardError(
      'invalid',
      `zstd layers need Node.js >= 22.15 or libzstd.so.1, this is Node.js ${process.versions.node}`,
    );
  }
  return zstd.createZstdDecompress({
    ...engineOptions(chunkBytes),
    params: { [windowLogMax]: zstdWindowLogMax },
  });
}

/** Error code of Node.js for a gzip member that follows zeros in a later write. */
const pushedAfterEnd = 'ERR_STREAM_PUSH_AFTER_EOF';

/** Errors of zlib and zstd have codes such as `Z_DATA_ERROR` and `ZSTD_error_prefix_unknown`. */
function isEngineError(error: unknown): error is Error {
  if (!(error instanceof Error) || isOutboardError(error) || !('code' in error)) return false;
  return error.code === pushedAfterEnd || /^Z(?:STD)?_/.test(String(error.code));
}

function damaged(format: string, cause: Error): OutboardError {
  if ('code' in cause && cause.code === pushedAfterEnd) return trailingGzipData(cause);
  if (format === 'gzip') return damagedGzip(cause);
  return new OutboardError('invalid', `${format} data is damaged or truncated: ${cause.message}`, { cause });
}
