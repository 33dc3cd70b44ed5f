/**
 * Reading a source that may never give its next piece.
 */
import { Readable } from 'node:stream';

/**
 * The pieces of a source until a signal is aborted; then it throws the signal's reason at once and closes the source.
 */
export async function* stopWhenAborted<Piece>(
  source: AsyncIterable<Piece>,
  signal: AbortSignal,
): AsyncGenerator<Piece> {
  const iterator = source[Symbol.asyncIterator]();
  let isDone = false;
  try {
    for (;;) {
      const next = await nextPiece(iterator, signal);
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

/** One listener for each piece, taken away again: a promise raced each time would hold on to every piece. */
function nextPiece<Piece>(
  iterator: AsyncIterator<Piece>,
  signal: AbortSignal,
): Promise<IteratorResult<Piece>> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const onAbort = () => reject(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    iterator
      .next()
      .finally(() => signal.removeEventListener('abort', onAbort))
      .then(resolve, reject);
  });
}
