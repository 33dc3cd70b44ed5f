/**
 * Writes gzip on several cores: blocks of fixed size are compressed in parallel in the thread pool and become the members
 * of one gzip file, which every reader of layers accepts (Go's `compress/gzip` among them). The output is reproducible
 * with the same zlib: the header has no time, name or host.
 *
 * @see RFC 1952, section 2.2: a gzip file consists of a series of members
 */

import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { Cancellable } from '@outboard/async';

const gzipBlock = promisify(gzip);

/** Options of `gzipStream()`. */
export interface GzipOptions extends Cancellable {
  /**
   * 1 (fast) to 9 (small); default 4. Measured with Node.js 20 on 2 cores, 100 MB of programs and
   * libraries, 3 blocks at a time: level 1 0.60 s to 40.7 % of the size, 3 0.71 s to 39.5 %,
   * 4 0.76 s to 38.4 %, 5 0.92 s to 37.6 %, 6 1.23 s to 37.4 %. `gzip -6` reaches 36.4 %.
   */
  readonly level?: number | undefined;
  /** Input bytes per member; default 1 MiB. Smaller members compress worse: none can refer to the one before it. */
  readonly blockBytes?: number | undefined;
  /** Blocks compressed in parallel; default 3: one more than two cores need, so that none waits for the caller. */
  readonly concurrency?: number | undefined;
}

/** Offset of the "operating system" byte in a member's header, and the value "unknown". */
const osOffset = 9;
const osUnknown = 0xff;

/**
 * Compress a byte stream. Memory is bounded by `concurrency` blocks; the source is read no faster than the result is.
 * Chunks of the source are copied before the next one is requested.
 * @throws errors of the source, unchanged; the signal's reason
 */
export async function* gzipStream(
  source: AsyncIterable<Uint8Array>,
  options: GzipOptions = {},
): AsyncGenerator<Buffer> {
  const { level = 4, blockBytes = 1024 * 1024, concurrency = 3, signal } = options;
  const inFlight: Promise<Buffer>[] = [];
  signal?.throwIfAborted();
  try {
    for await (const block of blocksOf(source, blockBytes)) {
      signal?.throwIfAborted();
      const member = compress(block, level);
      member.catch(() => {}); // awaited in its turn, below; until then its failure is nobody's
      inFlight.push(member);
      if (inFlight.length < concurrency) continue;
      yield await nextOf(inFlight);
    }
    while (inFlight.length > 0) {
      signal?.throwIfAborted();
      yield await nextOf(inFlight);
    }
  } finally {
    await Promise.allSettled(inFlight);
  }
}

/** Gather chunks into blocks; an empty source gives one empty block, because a gzip file has at least one member. */
async function* blocksOf(source: AsyncIterable<Uint8Array>, blockBytes: number): AsyncGenerator<Buffer> {
  let block = Buffer.allocUnsafe(blockBytes);
  let filled = 0;
  let hasYielded = false;
  for await (const chunk of source) {
    for (let at = 0; at < chunk.length; ) {
      const taken = Math.min(chunk.length - at, blockBytes - filled);
      block.set(chunk.subarray(at, at + taken), filled);
      filled += taken;
      at += taken;
      if (filled < blockBytes) continue;
      yield block;
      hasYielded = true;
      block = Buffer.allocUnsafe(blockBytes);
      filled = 0;
    }
  }
  if (filled > 0 || !hasYielded) yield block.subarray(0, filled);
}

/** Wait for the oldest block. It stays in the list meanwhile, so that the clean-up awaits it on an abort. */
async function nextOf(inFlight: Promise<Buffer>[]): Promise<Buffer> {
  const member = await (inFlight[0] as Promise<Buffer>); // callers check that there is one
  void inFlight.shift();
  return member;
}

async function compress(block: Buffer, level: number): Promise<Buffer> {
  // One output chunk for most blocks saves concatenating many.
  const member = await gzipBlock(block, { level, chunkSize: Math.max(64, block.length) });
  member[osOffset] = osUnknown;
  return member;
}
