/**
 * Reads answers into memory, and never more of them than a limit: reading stops at the first byte past it,
 * and when the sender is too slow.
 */
import { OutboardError } from '../../../errors/outboard-error.ts';
import type { Answer, Connections } from './connections.ts';
import { watchForStall } from './stall-watch.ts';

/** What reading needs of its connections. */
type Limits = Pick<Connections, 'clock' | 'stallLimits'>;

/**
 * Read a whole body.
 * Memory grows with what arrives, not with what a header claims. The body is destroyed when it is too large.
 * @param what names the body in the error, such as `manifest`
 * @throws {OutboardError} invalid when the body is larger than `maxBytes`
 * @throws {TransientFailure} when it broke off or stalled
 */
export async function readBounded(
  answer: Answer,
  limits: Limits,
  maxBytes: number,
  what: string,
): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of chunksOf(answer, limits)) {
    size += chunk.length;
    if (size > maxBytes) {
      throw new OutboardError('invalid', `${what} is too large: want at most ${maxBytes} bytes`);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, size);
}

/** Read the start of a body and drop the rest, for error texts. Never throws: what arrived is what there is. */
export async function readStart(answer: Answer, limits: Limits, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of chunksOf(answer, limits)) {
      chunks.push(chunk);
      size += chunk.length;
      if (size >= maxBytes) break;
    }
  } catch {
    // The status of the answer is the error to report; a text that broke off must not hide it.
  }
  return Buffer.concat(chunks, size).subarray(0, maxBytes);
}

async function* chunksOf(answer: Answer, limits: Limits): AsyncGenerator<Buffer> {
  const watch = watchForStall(
    limits.clock,
    limits.stallLimits,
    (error) => answer.body.destroy(error),
    () => `the answer of ${answer.url.host}`,
  );
  const chunks: AsyncIterable<Buffer> = answer.body; // bodies are byte streams without an encoding
  try {
    for await (const chunk of chunks) {
      watch.progress(chunk.length);
      yield chunk;
    }
  } catch (error) {
    throw answer.explain(error);
  } finally {
    watch.stop();
  }
}
