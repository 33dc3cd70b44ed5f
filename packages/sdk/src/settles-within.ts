/**
 * Waits with a time limit.
 */
import { setTimeout as delay } from 'node:timers/promises';

/** Wait for work. @returns true if it settled within the time; its result and failure are the caller's */
export async function settlesWithin(work: Promise<unknown>, timeoutMs: number): Promise<boolean> {
  const settled = new AbortController();
  const timeout = delay(timeoutMs, false, { signal: settled.signal });
  const done = work.then(
    () => true,
    () => true,
  );
  try {
    return await Promise.race([done, timeout]);
  } finally {
    settled.abort();
  }
}
