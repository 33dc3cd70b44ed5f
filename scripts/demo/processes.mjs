/**
 * Processes by pid and start time, so that a reused pid is not mistaken.
 */
import { readFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';

/** Time between SIGTERM and SIGKILL, in milliseconds. */
const stopTimeoutMs = 20_000;
const pollMs = 20;

/**
 * @typedef {{ pid: number, startedAt: string }} ProcessIdentity `startedAt` is field 22 of /proc/PID/stat, in ticks
 */

/**
 * @param {number} pid
 * @returns {ProcessIdentity | undefined} undefined if there is no such process, or only its exit code
 */
export function identifyProcess(pid) {
  let stat;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    // It has ended, or never existed.
    return undefined;
  }
  // The name in parentheses may hold anything; the fields after it do not.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields[0] === 'Z' ? undefined : { pid, startedAt: fields[19] };
}

/**
 * End a process in order, and by force if it takes too long. It may be a child of another process, which emits no event
 * here; hence the polling.
 *
 * @param {ProcessIdentity} identity
 */
export async function stopProcess(identity) {
  if (!isSame(identity)) return;
  process.kill(identity.pid, 'SIGTERM');
  if (await endsWithin(identity, stopTimeoutMs)) return;
  process.kill(identity.pid, 'SIGKILL');
  await endsWithin(identity, stopTimeoutMs);
}

async function endsWithin(identity, timeoutMs) {
  for (const deadline = performance.now() + timeoutMs; performance.now() < deadline; ) {
    if (!isSame(identity)) return true;
    await wait(pollMs);
  }
  return !isSame(identity);
}

function isSame({ pid, startedAt }) {
  return identifyProcess(pid)?.startedAt === startedAt;
}
