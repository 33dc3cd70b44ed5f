/**
 * What went over a plugin's interface on the bridge, as the kernel counts it in the plugin's network namespace.
 * @see proc_pid_net(5), "/proc/net/dev"
 */
import { readFile } from 'node:fs/promises';
import { isErrno } from '../linux/errno.ts';
import { bridgedInterface } from './bridge-steps.ts';

/** Since the interface was made, which is at each start of the plugin. */
export interface InterfaceTraffic {
  readonly receivedBytes: number;
  readonly sentBytes: number;
}

/**
 * @param pid of a process in the namespace
 * @returns undefined when the process has gone, or the namespace has no such interface
 */
export async function readInterfaceTraffic(pid: number): Promise<InterfaceTraffic | undefined> {
  try {
    return findTraffic(await readFile(`/proc/${pid}/net/dev`, 'utf8'), bridgedInterface);
  } catch (error) {
    // EINVAL: of one that has ended and is not waited for yet.
    if (isErrno(error, 'ENOENT', 'ESRCH', 'EINVAL')) return undefined;
    throw error;
  }
}

/** @param table two lines of titles, then lines such as `eth0: 8 counters of what came in, 8 of what went out` */
export function findTraffic(table: string, interfaceName: string): InterfaceTraffic | undefined {
  for (const line of table.split('\n')) {
    // A name may hold a colon; the counters do not.
    const end = line.lastIndexOf(':');
    if (line.slice(0, Math.max(end, 0)).trim() !== interfaceName) continue;
    const counters = line
      .slice(end + 1)
      .trim()
      .split(/\s+/)
      .map(Number);
    const [receivedBytes, sentBytes] = [counters[0], counters[8]];
    if (receivedBytes !== undefined && sentBytes !== undefined) return { receivedBytes, sentBytes };
  }
  return undefined;
}
