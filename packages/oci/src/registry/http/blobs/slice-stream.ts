/**
 * Splits a byte stream into bodies of known size without buffering them.
 */
import type { UploadBody } from '../connections/http-request.ts';

/**
 * Split `total` bytes into slices of `sliceBytes`; the last one may be shorter. Each slice must be consumed before the
 * next one is requested.
 * @param total bytes of the content; 0 yields no slice
 */
export function* sliceStream(
  content: AsyncIterable<Uint8Array>,
  total: number,
  sliceBytes: number,
): Generator<UploadBody> {
  const chunks = content[Symbol.asyncIterator]();
  let rest: Uint8Array = new Uint8Array();

  async function* take(size: number): AsyncGenerator<Uint8Array> {
    for (let missing = size; missing > 0; ) {
      if (rest.length === 0) {
        const next = await chunks.next();
        if (next.done) return;
        rest = next.value;
      }
      const part = rest.subarray(0, missing);
      rest = rest.subarray(part.length);
      missing -= part.length;
      yield part;
    }
  }

  for (let offset = 0; offset < total; offset += sliceBytes) {
    const size = Math.min(sliceBytes, total - offset);
    yield { size, content: take(size) };
  }
}
