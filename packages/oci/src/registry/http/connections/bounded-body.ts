/**
 * Reads response bodies into memory up to a limit: reading stops at the first byte beyond it, and when the sender is too
 * slow.
 */
import { OutboardError } from '../../../errors/outboard-error.ts';
import type { Connections, HttpResponse } from './connections.ts';
import { watchForStall } from './stall-watch.ts';

/** Clock and limits of the connections. */
type Limits = Pick<Connections, 'clock' | 'stallLimits'>;

/**
 * Read a whole body.
 * Memory grows with the received bytes, not with the length in a header. A body that is too large is destroyed.
 * @param what name of the body in the error, such as `manifest`
 * @throws {OutboardError} invalid when the body is larger than `maxBytes`
 * @throws {TransientFailure} when the transfer broke off or stalled
 */
export async function readBounded(
  response: HttpResponse,
  limits: Limits,
  maxBytes: number,
  what: string,
): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of chunksOf(response, limits)) {
    size += chunk.length;
    if (size > maxBytes) {
      throw new OutboardError('invalid', `${what} is too large: want at most ${maxBytes} bytes`);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, size);
}

/** Time for the start of a body, whose headers have said all that matters. */
const startMs = 5_000;

/**
 * Read the start of a body and discard the rest, for error texts. Never throws: returns what arrived, after 5 s at the latest.
 */
export async function readStart(response: HttpResponse, limits: Limits, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  const late = new OutboardError('unavailable', 'the rest of the answer is not waited for');
  const cancel = limits.clock.schedule(startMs, () => response.body.destroy(late));
  try {
    for await (const chunk of chunksOf(response, limits)) {
      chunks.push(chunk);
      size += chunk.length;
      if (size >= maxBytes) break;
    }
  } catch {
    // The caller reports the status of the response, which an incomplete text must not hide.
  } finally {
    cancel();
  }
  return Buffer.concat(chunks, size).subarray(0, maxBytes);
}

async function* chunksOf(response: HttpResponse, limits: Limits): AsyncGenerator<Buffer> {
  const watch = watchForStall(
    limits.clock,
    limits.stallLimits,
    (error) => response.body.destroy(error),
    () => `the answer of ${response.url.host}`,
  );
  const chunks: AsyncIterable<Buffer> = response.body; // bodies are byte streams without an encoding
  try {
    for await (const chunk of chunks) {
      watch.progress(chunk.length);
      yield chunk;
    }
  } catch (error) {
    throw response.explain(error);
  } finally {
    watch.stop();
  }
}
