/**
 * Detects that a process makes no progress: it was stopped or frozen, or waits for something that never happens. A
 * time limit cannot detect that: a layer of a hundred thousand files takes as long as the disk needs.
 */
import { readFile } from 'node:fs/promises';
import { errorCode } from '../../linux/errno.ts';

/** Activity of a process so far. */
export interface Activity {
  /** CPU time, and counts of reads and writes: a change is progress. */
  readonly work: string;
  /** `runnable`: it runs when it gets a processor; `disk`: it waits for a disk, and cannot be interrupted. */
  readonly state: 'runnable' | 'disk' | 'other';
}

/** Checks before a process in state `disk` counts as stalled: a flush shows no activity until the disk is done. */
const checksOfDisk = 10;

/**
 * Check a process periodically until `stop` is called.
 * @param read returns undefined when the process is gone, which ends the watch
 * @param options.limitMs interval of the checks; a stall is reported after one to two intervals, ten times as late
 *   for a disk
 * @param options.onStall called once
 */
export function watchProgress(
  read: () => Promise<Activity | undefined>,
  { limitMs, onStall }: { readonly limitMs: number; readonly onStall: () => void },
): { readonly stop: () => void } {
  let last: Activity | undefined;
  let idleChecks = 0;
  const timer = setInterval(() => {
    read().then(take, stop); // a failed check is ignored, and the end of a process is reported elsewhere
  }, limitMs);
  timer.unref();

  function take(seen: Activity | undefined): void {
    if (seen === undefined) {
      stop();
      return;
    }
    const isIdle = seen.state !== 'runnable' && seen.work === last?.work;
    idleChecks = isIdle ? idleChecks + 1 : 0;
    last = seen;
    if (idleChecks < (seen.state === 'disk' ? checksOfDisk : 1)) return;
    stop();
    onStall();
  }

  function stop(): void {
    clearInterval(timer);
  }

  return { stop };
}

/** Read the activity of a child of this process. @see proc(5), /proc/PID/stat and /proc/PID/io */
export async function readActivity(pid: number): Promise<Activity | undefined> {
  try {
    const [stat, io] = await Promise.all([
      readFile(`/proc/${pid}/stat`, 'latin1'),
      readFile(`/proc/${pid}/io`, 'latin1'),
    ]);
    // Fields are counted after the name, which may contain anything: state, …, utime and stime.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const state = fields[0] === 'R' ? 'runnable' : fields[0] === 'D' ? 'disk' : 'other';
    return { work: `${fields[11]} ${fields[12]} ${io}`, state };
  } catch (error) {
    if (['ENOENT', 'ESRCH'].includes(errorCode(error) ?? '')) return undefined;
    throw error;
  }
}
