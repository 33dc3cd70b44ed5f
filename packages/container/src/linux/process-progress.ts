/**
 * Shows that a process does something, without asking it.
 * @see proc_pid_stat(5)
 */
import { readFileSync } from 'node:fs';
import { errorCode } from './errno.ts';

/**
 * A value that changes whenever a process of ours has run, or has been given a page of memory. Two equal ones, some time
 * apart: it waited all the time.
 * @returns `running` for one that runs or could; undefined when there is none
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
  // The second field is the program's name, which may hold anything: count from its end.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  if (fields[0] === 'R') return 'running';
  // Fields 10, 12, 14 and 15: minor and major faults, time in the program and in the kernel.
  return [fields[7], fields[9], fields[11], fields[12]].join(' ');
}
