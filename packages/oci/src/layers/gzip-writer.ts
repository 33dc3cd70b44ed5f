/**
 * Writes gzip on several cores: blocks of fixed size are compressed in parallel in the thread pool and become the members
 * of one gzip file, which every reader of layers accepts (Go's `compress/gzip` among them). The output is reproducible
 * with the same compressor: headers have no time, name or host.
 *
 * @see RFC 1952, section 2.2: a gzip file consists of a series of members
 */

import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { Cancellable } from '@outboard/async';

const gzipBlock = promisify(gzip);

/** Compresses one block at a time into a gzip member. Dispose it once its last member is there. */
export interface GzipCompressor extends Disposable {
  /**
   * Compress a block off the calling thread.
   * @param block unchanged until the result is there
   * @returns the member; valid until the next call
   */
  compress(block: Uint8Array): Promise<Uint8Array>;
}

/** Options of `gzipStream()`. */
export interface GzipOptions extends Cancellable {
  /** Creates the compressor of each of the blocks in parallel; default: Node.js's zlib at `zlibLevel`. */
  readonly makeCompressor?: ((blockBytes: number) => GzipCompressor) | undefined;
  /** Input bytes per member; default 1 MiB. Smaller members compress worse: none can refer to the one before it. */
  readonly blockBytes?: number | undefined;
  /** Blocks compressed in parallel; default 3: one more than two cores need, so that none waits for the caller. */
  readonly concurrency?: number | undefined;
}

/**
 * Measured with Node.js 20 on 2 cores, 100 MB of programs and libraries, 3 blocks at a time: level 1 0.60 s to 40.7 % of
 * the size, 3 0.71 s to 39.5 %, 4 0.76 s to 38.4 %, 5 0.92 s to 37.6 %, 6 1.23 s to 37.4 %. `gzip -6` reaches 36.4 %.
 */
const zlibLevel = 4;
/** Offset of the "operating system" byte in a member's header, and the value "unknown". */
const osOffset = 9;
const osUnknown = 0xff;

/** A block in memory that is filled, compressed, and then filled again, which avoids page faults. */
interface Slot {
  readonly block: Buffer;
  readonly compressor: GzipCompressor;
}

/**
 * Compress a byte stream. Memory is bounded by `concurrency` blocks; the source is read no faster than the result is.
 * Chunks of the source are copied before the next one is requested.
 * @throws errors of the source, unchanged; the signal's reason
 */
export async function* gzipStream(
  source: AsyncIterable<Uint8Array>,
  options: GzipOptions = {},
): AsyncGenerator<Buffer> {
  const {
    makeCompressor = () => zlibCompressor,
    blockBytes = 1024 * 1024,
    concurrency = 3,
    signal,
  } = options;
  const slots: Slot[] = [];
  const inFlight: Promise<Buffer>[] = [];
  let started = 0;
  signal?.throwIfAborted();
  try {
    for await (const block of blocksOf(source, nextBlock)) {
      signal?.throwIfAborted();
      inFlight.push(compress(slots[started++ % concurrency] as Slot, block)); // nextBlock() made it
      if (inFlight.length === concurrency) yield await nextOf(inFlight);
    }
    while (inFlight.length > 0) {
      signal?.throwIfAborted();
      yield await nextOf(inFlight);
    }
  } finally {
    await Promise.allSettled(inFlight);
    for (const { compressor } of slots) compressor[Symbol.dispose]();
  }

  /** The memory for the next block: that of the oldest one, whose member was passed on. */
  function nextBlock(): Buffer {
    const index = started % concurrency;
    slots[index] ??= { block: Buffer.allocUnsafe(blockBytes), compressor: makeCompressor(blockBytes) };
    return slots[index].block;
  }
}

/**
 * Gather chunks into blocks; an empty source gives one empty block, because a gzip file has at least one member.
 * @param nextBlock memory for a block; called when the one before was taken
 */
async function* blocksOf(source: AsyncIterable<Uint8Array>, nextBlock: () => Buffer): AsyncGenerator<Buffer> {
  let block = nextBlock();
  let filled = 0;
  let hasYielded = false;
  for await (const chunk of source) {
    for (let at = 0; at < chunk.length; ) {
      if (filled === block.length) {
        block = nextBlock();
        filled = 0;
      }
      const taken = Math.min(chunk.length - at, block.length - filled);
      block.set(chunk.subarray(at, at + taken), filled);
      filled += taken;
      at += taken;
      if (filled < block.length) continue;
      yield block;
      hasYielded = true;
    }
  }
  if (!hasYielded || filled < block.length) yield block.subarray(0, filled);
}

/** Wait for the oldest block. It stays in the list meanwhile, so that the clean-up awaits it on an abort. */
async function nextOf(inFlight: Promise<Buffer>[]): Promise<Buffer> {
  const member = await (inFlight[0] as Promise<Buffer>); // callers check that there is one
  void inFlight.shift();
  return member;
}

function compress({ compressor }: Slot, block: Buffer): Promise<Buffer> {
  const member = compressor.compress(block).then((bytes) => {
    const copy = Buffer.from(bytes);
    copy[osOffset] = osUnknown;
    return copy;
  });
  member.catch(() => {}); // awaited in its turn; until then its failure is nobody's
  return member;
}

const zlibCompressor: GzipCompressor = {
  // One output chunk for most blocks saves concatenating many.
  compress: (block) => gzipBlock(block, { level: zlibLevel, chunkSize: Math.max(64, block.length) }),
  [Symbol.dispose]: () => undefined,
};
