/**
 * Traffic on the bridge interface of a container, as the kernel counts it in the container's network namespace.
 * @see proc_pid_net(5), "/proc/net/dev"
 */
import { readFile } from 'node:fs/promises';
import { isErrno } from '../linux/errno.ts';
import { bridgedInterface } from './bridge-steps.ts';

/** Bytes since the interface was made, at the start of the container. */
export interface InterfaceTraffic {
  readonly receivedBytes: number;
  readonly sentBytes: number;
}

/**
 * Read the traffic of a container.
 * @param pid of a process in its network namespace
 * @returns undefined when the process has ended, or the namespace has no such interface
 */
export async function readInterfaceTraffic(pid: number): Promise<InterfaceTraffic | undefined> {
  try {
    return findTraffic(await readFile(`/proc/${pid}/net/dev`, 'utf8'), bridgedInterface);
  } catch (error) {
    // EINVAL: the process is a zombie.
    if (isErrno(error, 'ENOENT', 'ESRCH', 'EINVAL')) return undefined;
    throw error;
  }
}

/**
 * Find the counters of an interface. @param table two header lines, then lines such as `eth0:` with 8 receive and 8
 * transmit counters
 */
export function findTraffic(table: string, interfaceName: string): InterfaceTraffic | undefined {
  for (const line of table.split('\n')) {
    // A name may contain a colon; the counters do not.
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
