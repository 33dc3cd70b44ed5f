/**
 * Cuts one stream of bytes into bodies of known size, without holding any of them in memory.
 */
import type { UploadBody } from '../connections/http-request.ts';

/**
 * Cut `total` bytes into slices of `sliceBytes`, the last one shorter. Consume each slice before asking for the next.
 * @param total bytes of the content; nothing is yielded when it is 0
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
