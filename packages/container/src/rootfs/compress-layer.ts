/**
 * Compresses layers as fast as the host can: with libdeflate where it is installed, with Node.js's zlib elsewhere.
 */
import type { Cancellable } from '@outboard/async';
import { gzipStream } from '@outboard/oci';
import { loadLibdeflate } from '../linux/libdeflate.ts';

/**
 * Compress a layer, in the thread pool. The same bytes give the same result on every host with the same library.
 * @param layer each chunk is copied before the next one is requested
 * @throws errors of the source, unchanged; the signal's reason
 */
export function compressLayer(
  layer: AsyncIterable<Uint8Array>,
  { signal }: Cancellable = {},
): AsyncGenerator<Buffer> {
  return gzipStream(layer, { makeCompressor: loadLibdeflate(), signal });
}
