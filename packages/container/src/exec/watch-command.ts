/**
 * Finds out that a command has ended while the runtime that started it has not: it waits for the end of the output, which
 * whatever the command left in the background holds open.
 */
import { identifyProcess, isSameProcess, type ProcessIdentity } from '../linux/process-identity.ts';

const firstLookMs = 10;
const longestPauseMs = 200;

/**
 * Call back once a process has ended.
 * @param readPid tells its pid; undefined for as long as nobody has written it down
 * @returns how to stop
 */
export function watchCommand(readPid: () => number | undefined, onEnd: () => void): () => void {
  let identity: ProcessIdentity | undefined;
  let pauseMs = firstLookMs;
  let timer: NodeJS.Timeout | undefined;
  const hasEnded = (): boolean => {
    if (identity !== undefined) return !isSameProcess(identity);
    const pid = readPid();
    if (pid === undefined) return false;
    identity = identifyProcess(pid);
    return identity === undefined;
  };
  // The kernel tells the end of a process to its parent only, which is the runtime. Nearly always that ends first.
  const look = (): void => {
    if (hasEnded()) return void onEnd();
    timer = setTimeout(look, pauseMs);
    pauseMs = Math.min(pauseMs * 2, longestPauseMs);
  };
  timer = setTimeout(look, pauseMs);
  return () => clearTimeout(timer);
}
