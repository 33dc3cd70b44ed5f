/**
 * Reading a source that may never give its next piece.
 */

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
    // Not awaited: a generator closes only when its pending read ends. Its failure to close comes after the
    // error that stopped the reading, and must not hide it.
    if (!isDone) void Promise.resolve(iterator.return?.()).catch(() => {});
  }
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
