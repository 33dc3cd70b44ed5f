/**
 * Identifies processes beyond their pids, which are reused: pid and start time together are unique within one boot.
 */
import { readFileSync } from 'node:fs';
import { pollUntil } from '@outboard/async';
import { isErrno } from './errno.ts';

/** A process, unique within one boot. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Clock ticks between boot and start of the process, as text: field 22 of `/proc/<pid>/stat`. */
  readonly startTime: string;
}

/**
 * Identify the process that has a pid now. A zombie counts as ended: it has exited and only waits to be reaped.
 * @returns undefined when no such process runs
 * @see proc_pid_stat(5)
 */
export function identifyProcess(pid: number): ProcessIdentity | undefined {
  if (!Number.isSafeInteger(pid) || pid < 1) return undefined;
  const stat = readStat(pid);
  if (stat === undefined || stat.state === 'Z' || stat.state === 'X') return undefined;
  return { pid, startTime: stat.startTime };
}

/** True when exactly this process still runs. */
export function isSameProcess(identity: ProcessIdentity): boolean {
  return identifyProcess(identity.pid)?.startTime === identity.startTime;
}

/**
 * Start time of a process.
 * @param identity of a process of this boot
 * @see proc_pid_stat(5) field 22, proc_uptime(5)
 */
export function startOfProcess(identity: ProcessIdentity, now: Date): Date {
  const uptimeSeconds = Number(readFileSync('/proc/uptime', 'latin1').split(' ')[0]);
  const ageSeconds = uptimeSeconds - Number(identity.startTime) / ticksPerSecond;
  return new Date(now.getTime() - Math.max(0, ageSeconds) * 1000);
}

/** USER_HZ, which is 100 on every architecture that Node.js runs on. */
const ticksPerSecond = 100;

/** State letter of a process (`R`, `S`, `D`, `Z`, …); undefined when there is none. */
export function processState(pid: number): string | undefined {
  return readStat(pid)?.state;
}

/** Name of a process, which it can choose itself; undefined when there is none. */
export function processName(pid: number): string | undefined {
  return readStat(pid)?.name;
}

/** Unique ID of the current boot. */
export function readBootId(): string {
  return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
}

/**
 * Send a signal to exactly this process.
 * @returns false when it has ended
 * @throws {Error} as `process.kill` does, except for a process that has ended
 */
export function signalProcess(identity: ProcessIdentity, signal: NodeJS.Signals): boolean {
  if (!isSameProcess(identity)) return false;
  try {
    process.kill(identity.pid, signal);
    return true;
  } catch (error) {
    if (isErrno(error, 'ESRCH')) return false;
    throw error;
  }
}

/** Upper bound for the end of killed processes; beyond it they are in uninterruptible sleep. */
const groupEndMs = 5_000;

/**
 * Kill a process group, and wait until it is empty, at most 5 s.
 * @param leader pid of the leader, which the caller has verified
 */
export async function endProcessGroup(leader: number): Promise<void> {
  // Polling: the end of a process group has no event.
  await pollUntil(() => !killGroup(leader), { timeoutMs: groupEndMs });
}

/** @returns false when the group has ended */
function killGroup(leader: number): boolean {
  try {
    process.kill(-leader, 'SIGKILL');
    return true;
  } catch (error) {
    if (isErrno(error, 'ESRCH')) return false;
    throw error;
  }
}

interface ProcessStat {
  readonly name: string;
  readonly state: string;
  readonly startTime: string;
}

// Synchronous: the kernel answers from memory, and the thread pool may be busy with slow disks.
function readStat(pid: number): ProcessStat | undefined {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, 'latin1');
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ESRCH')) return undefined;
    throw error;
  }
  // The second field is the name of the program, which may contain spaces and parentheses: fields count from the last
  // one.
  const nameEnd = text.lastIndexOf(')');
  const name = text.slice(text.indexOf('(') + 1, nameEnd);
  const fields = text.slice(nameEnd + 2).split(' ');
  const [state, startTime] = [fields[0], fields[19]];
  return state === undefined || startTime === undefined ? undefined : { name, state, startTime };
}
