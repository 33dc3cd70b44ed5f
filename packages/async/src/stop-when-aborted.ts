/**
 * Reading a source that may never give its next piece.
 */
import { Readable } from 'node:stream';
import { onAbort } from './on-abort.ts';
import { type PromiseWithResolvers, withResolvers } from './with-resolvers.ts';

/** The pieces of a source, until a signal is aborted. Then it closes the source and throws the signal's reason at once. */
export async function* stopWhenAborted<Piece>(
  source: AsyncIterable<Piece>,
  signal: AbortSignal,
): AsyncGenerator<Piece> {
  const iterator = source[Symbol.asyncIterator]();
  let isDone = false;
  let pending: PromiseWithResolvers<IteratorResult<Piece>> | undefined;
  // One listener for all pieces: one for each takes longer than a piece does.
  const stopListening = onAbort(signal, (reason) => pending?.reject(reason));
  try {
    for (;;) {
      signal.throwIfAborted();
      pending = withResolvers<IteratorResult<Piece>>();
      iterator.next().then(pending.resolve, pending.reject);
      const next = await pending.promise;
      isDone = next.done === true;
      if (next.done === true) return;
      yield next.value;
    }
  } finally {
    stopListening();
    if (!isDone) close(source, iterator);
  }
}

/** Not awaited: what stopped the reading is the error to report, and a stalled source may take any time. */
function close<Piece>(source: AsyncIterable<Piece>, iterator: AsyncIterator<Piece>): void {
  if (source instanceof Readable)
    source.destroy(); // its iterator would first wait for the pending piece
  else void Promise.resolve(iterator.return?.()).catch(() => {});
}
