/**
 * Requests to stop the plugin. A plugin is process 1 of its container, for which the kernel ignores signals without a
 * handler: SIGTERM would have no effect, and the engine would send SIGKILL later.
 * @see pid_namespaces(7)
 */
import { once } from 'node:events';

/** Sources of a stop request. */
export interface StopSources {
  /** Default SIGTERM and SIGINT. */
  readonly stopSignals?: readonly NodeJS.Signals[] | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** A stop request from any source. */
export interface StopRequest {
  /** Resolves with the first request. */
  readonly requested: Promise<unknown>;
  request(): void;
  /** Remove all handlers. */
  dispose(): void;
}

/** Listen to all sources until the stop request is disposed. */
export function createStopRequest(sources: StopSources): StopRequest {
  const signals = sources.stopSignals ?? ['SIGTERM', 'SIGINT'];
  const stop = new AbortController();
  const requested = once(stop.signal, 'abort');
  const request = (): void => stop.abort();
  for (const signal of signals) process.on(signal, request);
  sources.signal?.addEventListener('abort', request);
  return {
    requested,
    request,
    dispose() {
      for (const signal of signals) process.off(signal, request);
      sources.signal?.removeEventListener('abort', request);
    },
  };
}
