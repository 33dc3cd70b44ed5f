/**
 * Priority of the thread that serves, before the programs that this process starts. Without it an answer that takes a
 * millisecond waits behind every start of a container, for as long as all processors are busy.
 * @see sched(7), "The nice value", SCHED_RESET_ON_FORK, "The autogroup feature"; setpriority(2)
 */
import { writeFileSync } from 'node:fs';
import { getPriority } from 'node:os';
import { isErrno } from './errno.ts';
import { bindCall } from './libc.ts';

const setScheduler = bindCall<[thread: number, policy: number, parameters: Uint8Array]>(
  'int sched_setscheduler(int pid, int policy, const void *parameters)',
);
const setPriority = bindCall<[which: number, id: number, nice: number]>(
  'int setpriority(int which, unsigned int who, int prio)',
);
const getSession = bindCall<[process: number]>('int getsid(int pid)');

/** `SCHED_OTHER | SCHED_RESET_ON_FORK`: threads and processes that the thread starts have the nice value 0. */
const resetOnFork = 0x4000_0000;
/** `PRIO_PROCESS`, which is a thread on Linux. */
const ofThread = 0;
/** About nine times the share of a thread with 0, when both want a processor. */
const nice = -10;

/**
 * Give the main thread the nice value -10. Other threads and children keep 0, so that plugins compete with each other as before.
 * A process that was started with a nice value of its own keeps it, and hands it on as before.
 *
 * Does nothing without the right to (`CAP_SYS_NICE`), and where the libc lacks sched_setscheduler(2), as musl does.
 * @returns true when the thread has the priority
 */
export function prioritizeMainThread(): boolean {
  if (getPriority() !== 0) return false;
  // First: nothing that is started from here on may inherit the priority.
  if (setScheduler(process.pid, resetOnFork, new Uint8Array(128)) < 0) return false;
  if (setPriority(ofThread, process.pid, nice) < 0) return false;
  if (getSession(0) === process.pid) prioritizeSession();
  return true;
}

/** On a host without a hierarchy of cgroups for processors, sessions share them first, and threads those of their session. */
function prioritizeSession(): void {
  try {
    writeFileSync('/proc/self/autogroup', String(nice));
  } catch (error) {
    // A kernel without this feature, or one that allows another change only after a while.
    if (!isErrno(error, 'ENOENT', 'EPERM', 'EACCES', 'EAGAIN', 'EROFS')) throw error;
  }
}
