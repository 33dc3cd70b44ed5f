/**
 * Notices that a process does nothing any more: it was stopped or frozen, or it waits for something that never comes.
 * Time alone does not tell that: a layer of a hundred thousand files takes as long as the disk takes.
 */
import { readFile } from 'node:fs/promises';
import { errorCode } from '../../linux/errno.ts';

/** What a process has done so far. */
export interface Activity {
  /** Processor time, and calls that read or write: more of any is progress. */
  readonly work: string;
  /** `runnable`: it works when it gets a processor; `disk`: it waits for one, and cannot be interrupted. */
  readonly state: 'runnable' | 'disk' | 'other';
}

/** A flush takes as long as the disk is behind, without anything to see of it. */
const looksAtDisk = 10;

/**
 * Look at a process again and again until `stop` is called.
 * @param look gives undefined when the process is gone, which ends the watch
 * @param options.limitMs between two looks; a stall is told after one to two of it, ten times as late for a disk
 * @param options.onStall told once
 */
export function watchProgress(
  look: () => Promise<Activity | undefined>,
  { limitMs, onStall }: { readonly limitMs: number; readonly onStall: () => void },
): { readonly stop: () => void } {
  let last: Activity | undefined;
  let idleLooks = 0;
  const timer = setInterval(() => {
    look().then(take, stop); // a look that fails tells nothing, and the end of a process is told elsewhere
  }, limitMs);
  timer.unref();

  function take(seen: Activity | undefined): void {
    if (seen === undefined) {
      stop();
      return;
    }
    const isIdle = seen.state !== 'runnable' && seen.work === last?.work;
    idleLooks = isIdle ? idleLooks + 1 : 0;
    last = seen;
    if (idleLooks < (seen.state === 'disk' ? looksAtDisk : 1)) return;
    stop();
    onStall();
  }

  function stop(): void {
    clearInterval(timer);
  }

  return { stop };
}

/** What the kernel tells of a child of this process. @see proc(5), /proc/PID/stat and /proc/PID/io */
export async function readActivity(pid: number): Promise<Activity | undefined> {
  try {
    const [stat, io] = await Promise.all([
      readFile(`/proc/${pid}/stat`, 'latin1'),
      readFile(`/proc/${pid}/io`, 'latin1'),
    ]);
    // Fields are counted behind the name, which may hold anything: state, …, utime and stime.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const state = fields[0] === 'R' ? 'runnable' : fields[0] === 'D' ? 'disk' : 'other';
    return { work: `${fields[11]} ${fields[12]} ${io}`, state };
  } catch (error) {
    if (['ENOENT', 'ESRCH'].includes(errorCode(error) ?? '')) return undefined;
    throw error;
  }
}
