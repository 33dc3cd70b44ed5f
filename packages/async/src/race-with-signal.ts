/**
 * A promise or an aborted signal, whichever is first. The work behind the promise goes on; only the wait ends.
 * No listener stays at the signal, so that thousands of waits may share one.
 */
import { onAbort } from './on-abort.ts';
import { type PromiseWithResolvers, withResolvers } from './with-resolvers.ts';

/** The promise's value. @throws the signal's reason if it is aborted first */
export function rejectOnAbort<Value>(
  promise: Promise<Value>,
  signal: AbortSignal | undefined,
): Promise<Value> {
  if (signal === undefined) return promise;
  return settleFirst<Value>(promise, signal, ({ reject }) => reject(signal.reason));
}

/** The promise's value, or undefined if the signal is aborted first. */
export function resolveOnAbort<Value>(
  promise: Promise<Value>,
  signal: AbortSignal | undefined,
): Promise<Value | undefined> {
  if (signal === undefined) return promise;
  return settleFirst<Value | undefined>(promise, signal, ({ resolve }) => resolve(undefined));
}

function settleFirst<Value>(
  promise: Promise<Value>,
  signal: AbortSignal,
  abort: (race: PromiseWithResolvers<Value>) => void,
): Promise<Value> {
  const race = withResolvers<Value>();
  const stopListening = onAbort(signal, () => abort(race));
  promise.then(
    (value) => {
      stopListening();
      race.resolve(value);
    },
    (error: unknown) => {
      stopListening();
      race.reject(error);
    },
  );
  return race.promise;
}
