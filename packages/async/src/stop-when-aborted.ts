/**
 * Reading a source that may never give its next piece.
 */
import { Readable } from 'node:stream';
import { rejectOnAbort } from './race-with-signal.ts';

/** The pieces of a source, until a signal is aborted. Then it closes the source and throws the signal's reason at once. */
export async function* stopWhenAborted<Piece>(
  source: AsyncIterable<Piece>,
  signal: AbortSignal,
): AsyncGenerator<Piece> {
  const iterator = source[Symbol.asyncIterator]();
  let isDone = false;
  try {
    for (;;) {
      signal.throwIfAborted();
      const next = await rejectOnAbort(iterator.next(), signal);
      isDone = next.done === true;
      if (next.done === true) return;
      yield next.value;
    }
  } finally {
    if (!isDone) close(source, iterator);
  }
}

/** Not awaited: what stopped the reading is the error to report, and a stalled source may take any time. */
function close<Piece>(source: AsyncIterable<Piece>, iterator: AsyncIterator<Piece>): void {
  if (source instanceof Readable)
    source.destroy(); // its iterator would first wait for the pending piece
  else void Promise.resolve(iterator.return?.()).catch(() => {});
}
