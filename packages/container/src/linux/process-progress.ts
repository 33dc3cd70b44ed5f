/**
 * Observes whether a process makes progress.
 * @see proc_pid_stat(5)
 */
import { readFileSync } from 'node:fs';
import { errorCode } from './errno.ts';

/**
 * A value that changes whenever a child process has run, or has been given a page of memory. Two equal values, some
 * time apart, mean that it waited all the time.
 * @returns `running` for a process that is running or runnable; undefined when there is none
 */
export function processProgress(pid: number): string | undefined {
  let stat: string;
  try {
    // Answered by the kernel from memory.
    stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  } catch (error) {
    const code = errorCode(error);
    if (code === 'ENOENT' || code === 'ESRCH') return undefined;
    throw error;
  }
  // The second field is the name of the program, which may contain anything: fields count from its end.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  if (fields[0] === 'R') return 'running';
  // Fields 10, 12, 14 and 15: minor and major faults, user and system time.
  return [fields[7], fields[9], fields[11], fields[12]].join(' ');
}
