/**
 * The pause of background work between two rounds.
 */
import { onAbort } from './on-abort.ts';
import { withResolvers } from './with-resolvers.ts';

/**
 * Wait, at most until the signal is aborted; the caller looks at the signal afterwards. Unlike `Clock.sleep` it never
 * throws, and its timer does not keep the process alive: background work is no reason for a program not to end.
 */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = withResolvers<void>();
  const timer = setTimeout(resolve, ms).unref();
  const stopListening = onAbort(signal, () => resolve());
  try {
    await promise;
  } finally {
    clearTimeout(timer);
    stopListening();
  }
}
