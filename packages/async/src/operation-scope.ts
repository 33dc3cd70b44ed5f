/**
 * All operations under way in an engine. When the scope closes, they are cancelled and awaited, so that nothing is written
 * to a data root that another engine may own by then.
 */
import { joinSignals } from './join-signals.ts';

/** Runs operations until it is closed. */
export interface OperationScope {
  /**
   * Run an operation.
   * @param operation receives a signal that is aborted by the caller's signal or by the end of the scope
   * @throws the error of a closed scope
   */
  run<Result>(
    operation: (signal: AbortSignal) => Promise<Result>,
    signal?: AbortSignal | undefined,
  ): Promise<Result>;
  /** Cancel all operations under way and wait until they have ended. Later ones are refused. */
  close(): Promise<void>;
}

/** @param closed makes the error of operations that are cancelled or refused because the scope is closed */
export function createOperationScope(closed: () => Error): OperationScope {
  const underWay = new Set<Promise<unknown>>();
  const end = new AbortController();

  async function run<Result>(
    operation: (signal: AbortSignal) => Promise<Result>,
    signal?: AbortSignal | undefined,
  ): Promise<Result> {
    if (end.signal.aborted) throw closed();
    using joined = joinSignals([end.signal, signal]);
    const result = operation(joined.signal);
    underWay.add(result);
    try {
      return await result;
    } finally {
      underWay.delete(result);
    }
  }

  async function close(): Promise<void> {
    end.abort(closed());
    // Their errors are for their callers.
    await Promise.allSettled(underWay);
  }

  return { run, close };
}
