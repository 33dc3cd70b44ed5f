/**
 * Noticing that the plugin should end. A plugin is the first process of its container, for which the kernel ignores
 * signals that have no handler: without one, SIGTERM would do nothing and the host would kill the plugin later.
 */

/** What may ask for the end. */
export interface StopSources {
  /** Default SIGTERM and SIGINT. */
  readonly stopSignals?: readonly NodeJS.Signals[];
  readonly signal?: AbortSignal;
}

/** One request to end, whoever makes it. */
export interface StopRequest {
  /** Resolves when the end was asked for. */
  readonly asked: Promise<void>;
  ask(): void;
  /** Take all handlers away. */
  forget(): void;
}

/** Listen to all sources from now on. */
export function createStopRequest(sources: StopSources): StopRequest {
  const signals = sources.stopSignals ?? ['SIGTERM', 'SIGINT'];
  const request = new AbortController();
  const asked = new Promise<void>((resolve) => {
    request.signal.addEventListener('abort', () => resolve(), { once: true });
  });
  function ask(): void {
    request.abort();
  }
  for (const signal of signals) process.on(signal, ask);
  sources.signal?.addEventListener('abort', ask);
  return {
    asked,
    ask,
    forget() {
      for (const signal of signals) process.off(signal, ask);
      sources.signal?.removeEventListener('abort', ask);
    },
  };
}
