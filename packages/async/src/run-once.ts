/**
 * Work that is done at most once, for any number of callers.
 */

/** Runs the work at the first call; every call returns the same promise, of a failure too. */
export function runOnce<Result>(work: () => Promise<Result>): () => Promise<Result> {
  let result: Promise<Result> | undefined;
  return () => {
    result ??= work();
    return result;
  };
}
