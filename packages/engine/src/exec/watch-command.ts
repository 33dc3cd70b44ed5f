/**
 * Finds out that a command has ended while the runtime that started it has not: it waits for the end of the output, which
 * whatever the command left in the background holds open.
 */
import { identifyProcess, isSameProcess } from '../runtime/process-identity.ts';

const firstLookMs = 10;
const longestPauseMs = 200;

/**
 * Call back once a process has ended.
 * @param pid of a process that ran a moment ago
 * @returns how to stop
 */
export function watchCommand(pid: number, onEnd: () => void): () => void {
  const identity = identifyProcess(pid);
  let pauseMs = firstLookMs;
  let timer: NodeJS.Timeout | undefined;
  // The kernel tells the end of a process to its parent only, which is the runtime. Nearly always that ends first.
  const look = (): void => {
    if (identity !== undefined && isSameProcess(identity)) {
      timer = setTimeout(look, pauseMs);
      pauseMs = Math.min(pauseMs * 2, longestPauseMs);
    } else onEnd();
  };
  timer = setTimeout(look, pauseMs);
  return () => clearTimeout(timer);
}
