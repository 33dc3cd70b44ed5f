/**
 * Watches for the end of a command while its OCI runtime still runs: the runtime waits for the end of the output,
 * which background processes of the command hold open.
 */
import { identifyProcess, isSameProcess, type ProcessIdentity } from '../linux/process-identity.ts';

const firstCheckMs = 10;
const longestPauseMs = 200;

/**
 * Call a listener when a process has ended.
 * @param readPid returns its pid; undefined until it is known
 * @returns function that stops watching
 */
export function watchCommand(readPid: () => number | undefined, onEnd: () => void): () => void {
  let identity: ProcessIdentity | undefined;
  let pauseMs = firstCheckMs;
  let timer: NodeJS.Timeout | undefined;
  const hasEnded = (): boolean => {
    if (identity !== undefined) return !isSameProcess(identity);
    const pid = readPid();
    if (pid === undefined) return false;
    identity = identifyProcess(pid);
    return identity === undefined;
  };
  // Polling: the kernel reports the end of a process to its parent only, the OCI runtime. Nearly always the runtime
  // ends first.
  const check = (): void => {
    if (hasEnded()) return void onEnd();
    timer = setTimeout(check, pauseMs);
    pauseMs = Math.min(pauseMs * 2, longestPauseMs);
  };
  timer = setTimeout(check, pauseMs);
  return () => clearTimeout(timer);
}
