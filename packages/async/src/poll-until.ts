/**
 * Polling, for conditions whose change has no event.
 */
import { type Clock, systemClock } from './clock.ts';

/** Bounds of the pause between two checks, which doubles from check to check. */
const minPauseMs = 1;
const maxPauseMs = 50;

/** Options of `pollUntil()`. */
export interface PollOptions {
  /** Time limit in milliseconds; the last check is made after it. */
  readonly timeoutMs: number;
  readonly clock?: Pick<Clock, 'monotonicMs' | 'sleep'> | undefined;
}

/**
 * Check a condition until it holds, for a time at most. The pauses keep the process alive.
 * @returns false if the condition does not hold after the time limit
 * @throws the error of the check
 */
export async function pollUntil(
  check: () => boolean | Promise<boolean>,
  { timeoutMs, clock = systemClock }: PollOptions,
): Promise<boolean> {
  const endMs = clock.monotonicMs() + timeoutMs;
  for (let pauseMs = minPauseMs; ; pauseMs = Math.min(pauseMs * 2, maxPauseMs)) {
    const isLast = clock.monotonicMs() >= endMs;
    if (await check()) return true;
    if (isLast) return false;
    await clock.sleep(pauseMs);
  }
}
