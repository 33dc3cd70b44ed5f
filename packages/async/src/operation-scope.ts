/**
 * What is under way in an engine. When it closes, all of it is cancelled and awaited, so that nothing is written to a
 * data root that another engine may have by then.
 */

export interface OperationScope {
  /**
   * Run an operation.
   * @param operation is given a signal that is aborted by the caller's or by the end of the scope
   * @throws the error of a closed scope
   */
  run<Result>(operation: (signal: AbortSignal) => Promise<Result>, signal?: AbortSignal): Promise<Result>;
  /** Cancel what is under way, and wait until it has ended. Whatever comes after is refused. */
  close(): Promise<void>;
}

/** @param closed makes the error of what is cancelled by the end of the scope, and of what comes after */
export function createOperationScope(closed: () => Error): OperationScope {
  const underWay = new Map<Promise<unknown>, AbortController>();
  let isClosed = false;

  async function run<Result>(
    operation: (signal: AbortSignal) => Promise<Result>,
    signal?: AbortSignal,
  ): Promise<Result> {
    if (isClosed) throw closed();
    const controller = new AbortController();
    const abort = () => controller.abort(signal?.reason);
    if (signal?.aborted === true) abort();
    signal?.addEventListener('abort', abort, { once: true });
    const result = operation(controller.signal);
    underWay.set(result, controller);
    try {
      return await result;
    } finally {
      underWay.delete(result);
      signal?.removeEventListener('abort', abort);
    }
  }

  async function close(): Promise<void> {
    isClosed = true;
    for (const controller of underWay.values()) controller.abort(closed());
    // Their errors are their callers'.
    await Promise.allSettled(underWay.keys());
  }

  return { run, close };
}
