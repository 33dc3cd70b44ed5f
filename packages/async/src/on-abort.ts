/**
 * Listening to a signal: also to one that is aborted already, which the `abort` event alone would miss.
 */
import { setMaxListeners } from 'node:events';
import { withResolvers } from './with-resolvers.ts';

/**
 * Call a listener once, when the signal is aborted; before this returns if it is aborted already.
 *
 * @returns stops listening. Call it when the work ends: a signal that lives on would keep the listener, and all it refers to
 */
export function onAbort(signal: AbortSignal | undefined, listener: (reason: unknown) => void): () => void {
  if (signal === undefined) return () => {};
  const abort = (): void => listener(signal.reason);
  if (signal.aborted) {
    abort();
    return () => {};
  }
  // A signal of a whole engine has many listeners, and each is removed in the end: no leak to warn of.
  setMaxListeners(0, signal);
  signal.addEventListener('abort', abort, { once: true });
  return () => signal.removeEventListener('abort', abort);
}

/** Resolves when a signal is aborted; at once if it is already. The signal keeps the listener until then. */
export function whenAborted(signal: AbortSignal): Promise<void> {
  const { promise, resolve } = withResolvers<void>();
  onAbort(signal, () => resolve());
  return promise;
}
