/**
 * Applies one layer inside the jail: decompress, count, digest, parse, write.
 */
import { statfsSync } from 'node:fs';
import {
  createTarReader,
  type Digester,
  decompress,
  type GzipInflater,
  judgeFreeSpace,
  OutboardError,
  type ZstdInflater,
} from '@outboard/oci/layers';
import type { AppliedLayer, UnpackLimits } from '../unpack-jail.ts';
import type { TreeWriter } from './tree-writer.ts';

/** Measured on one machine: 58,000 files took 1.8 s with chunks of 256 KiB, 1.4 s with these. */
const chunkBytes = 1024 * 1024;
/** Unpacked bytes between two looks at the free space. */
const spaceCheckBytes = 32 * 1024 * 1024;

/** Byte counts of all layers of a jail, and their limits. */
export interface ByteBudget {
  /** Unpacked bytes so far. */
  unpacked: number;
  compressed: number;
  /** Unpacked bytes at the last look at the free space. */
  spaceCheckedAt: number;
  readonly limits: Pick<UnpackLimits, 'maxBytes' | 'maxCompressedBytes' | 'freeSpaceReserve'>;
}

/** Parts that process a layer. */
export interface LayerPath {
  readonly writer: TreeWriter;
  readonly budget: ByteBudget;
  /** Absent unless the diff ID is requested. */
  readonly digester: Digester | undefined;
  /** Absent when zlib inflates. */
  readonly makeGzipInflater: ((chunkBytes: number) => GzipInflater) | undefined;
  /** Absent where Node.js has zstd. */
  readonly makeZstdInflater: ((chunkBytes: number) => ZstdInflater) | undefined;
}

/**
 * Apply a layer to the tree. The thread pool decompresses the next chunk while this thread writes the previous one.
 * @param compressed read to its end; a chunk need only be valid until the next one is read
 * @throws {OutboardError} as in the contract of the jail; the tree is unusable then
 */
export async function applyLayer(
  compressed: AsyncIterable<Buffer>,
  { writer, budget, digester, makeGzipInflater, makeZstdInflater }: LayerPath,
): Promise<AppliedLayer> {
  const { compression, content } = await decompress(countCompressed(compressed, budget), {
    chunkBytes,
    makeGzipInflater,
    makeZstdInflater,
    reusesChunks: true,
  });
  const reader = createTarReader(writer);
  let size = 0;
  writer.startLayer();
  for await (const chunk of content) {
    size += chunk.length;
    budget.unpacked += chunk.length;
    if (budget.unpacked > budget.limits.maxBytes)
      throw tooManyBytes(`layers unpack to more than ${budget.limits.maxBytes} bytes`);
    requireSpace(budget, chunk.length);
    digester?.update(chunk);
    reader.write(chunk);
  }
  reader.end();
  const diffId = digester?.digest();
  return { ...(diffId === undefined ? {} : { diffId }), compression, size, ...writer.endLayer() };
}

/** Look at the free space now and then: it is that of other programs too. */
function requireSpace(budget: ByteBudget, bytes: number): void {
  if (budget.unpacked - budget.spaceCheckedAt < spaceCheckBytes) return;
  budget.spaceCheckedAt = budget.unpacked;
  const reserveBytes = budget.limits.freeSpaceReserve;
  // The jail's root is the staging directory.
  judgeFreeSpace(statfsSync('/'), bytes, { reserveBytes, where: "the plugin's root filesystem" });
}

/** Count compressed bytes: empty gzip members and skippable zstd frames could otherwise go on for ever. */
async function* countCompressed(source: AsyncIterable<Buffer>, budget: ByteBudget): AsyncGenerator<Buffer> {
  for await (const chunk of source) {
    budget.compressed += chunk.length;
    if (budget.compressed > budget.limits.maxCompressedBytes)
      throw tooManyBytes(`layers have more than ${budget.limits.maxCompressedBytes} bytes`);
    yield chunk;
  }
}

function tooManyBytes(message: string): OutboardError {
  return new OutboardError('invalid', message, { code: 'too-many-bytes' });
}
