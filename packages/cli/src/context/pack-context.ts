/**
 * A plugin's folder as a stream of tar, in chunks of one megabyte: many small files share a chunk, large ones are read
 * straight into it. Never more than a few chunks are in memory.
 * Extended attributes are not archived: Node.js cannot read them.
 */
import { closeSync, constants, openSync, readSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { CommandError, messageOf } from '../command-error.ts';
import { blockBytes, encodeTarEnd, encodeTarHeader, roundUp } from './tar-header.ts';
import { type ContextEntry, walkContext } from './walk-context.ts';

const chunkBytes = 1024 * 1024;
/** Up to this size the way through the thread pool takes longer than the reading. */
const maxSynchronousBytes = 128 * 1024;
/** A link or a pipe that took a file's place meanwhile is not followed, nor waited for. */
const openFlags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
const padding = Buffer.alloc(blockBytes);

/** What a pack may report and who may end it. */
export interface PackOptions {
  /** Called with a line for everything that was left out. */
  readonly onWarning: (message: string) => void;
  readonly signal: AbortSignal;
}

/**
 * Archive `config.json` and `rootfs/` of a folder.
 * The stream fails with a `CommandError` if a file cannot be read or changes its size meanwhile.
 */
export function packContext(directory: string, options: PackOptions): Readable {
  return Readable.from(packChunks(directory, options), { objectMode: false, highWaterMark: chunkBytes });
}

async function* packChunks(directory: string, { onWarning, signal }: PackOptions): AsyncGenerator<Buffer> {
  const output = new ChunkedOutput();
  for (const entry of walkContext(directory, onWarning)) {
    signal.throwIfAborted();
    yield* output.append(encodeTarHeader(entry.entry));
    if (entry.entry.type === 'file' && entry.entry.size > 0) yield* packContent(entry, output);
  }
  yield* output.append(encodeTarEnd());
  yield* output.flush();
}

/** Exactly as many bytes as the header promised. */
async function* packContent({ entry, source }: ContextEntry, output: ChunkedOutput): AsyncGenerator<Buffer> {
  try {
    if (entry.size <= maxSynchronousBytes) yield* packSmallFile(source, entry.size, output);
    else yield* packLargeFile(source, entry.size, output);
  } catch (error) {
    throw new CommandError(`cannot archive "${source}": ${messageOf(error)}`, { cause: error });
  }
  yield* output.append(padding.subarray(0, roundUp(entry.size) - entry.size));
}

function* packSmallFile(source: string, size: number, output: ChunkedOutput): Generator<Buffer> {
  const file = openSync(source, openFlags);
  try {
    for (let remaining = size; remaining > 0; ) {
      const room = output.room(remaining);
      const bytesRead = readSync(file, room, 0, room.length, null);
      if (bytesRead === 0) throw becameSmaller();
      remaining -= bytesRead;
      yield* output.advance(bytesRead);
    }
  } finally {
    closeSync(file);
  }
}

async function* packLargeFile(source: string, size: number, output: ChunkedOutput): AsyncGenerator<Buffer> {
  await using file = await open(source, openFlags);
  for (let remaining = size; remaining > 0; ) {
    const room = output.room(remaining);
    const { bytesRead } = await file.read(room, 0, room.length, null);
    if (bytesRead === 0) throw becameSmaller();
    remaining -= bytesRead;
    yield* output.advance(bytesRead);
  }
}

function becameSmaller(): CommandError {
  return new CommandError('it became smaller while it was read');
}

/** Bytes gathered into chunks. A chunk belongs to whoever takes it, and is not written to again. */
class ChunkedOutput {
  #chunk = Buffer.allocUnsafeSlow(chunkBytes);
  #used = 0;

  /** Free space of the current chunk, at most `maxBytes` and at least one byte, to be filled from its start. */
  room(maxBytes: number): Buffer {
    return this.#chunk.subarray(this.#used, Math.min(chunkBytes, this.#used + maxBytes));
  }

  /** Take over what was written to the room. */
  *advance(bytes: number): Generator<Buffer> {
    this.#used += bytes;
    if (this.#used < chunkBytes) return;
    yield this.#chunk;
    this.#chunk = Buffer.allocUnsafeSlow(chunkBytes);
    this.#used = 0;
  }

  *append(bytes: Buffer): Generator<Buffer> {
    let taken = 0;
    while (taken < bytes.length) {
      const room = this.room(bytes.length - taken);
      bytes.copy(room, 0, taken);
      taken += room.length;
      yield* this.advance(room.length);
    }
  }

  /** The last chunk, if it holds anything. */
  *flush(): Generator<Buffer> {
    if (this.#used > 0) yield this.#chunk.subarray(0, this.#used);
  }
}
