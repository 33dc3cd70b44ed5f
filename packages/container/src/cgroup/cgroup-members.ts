/**
 * Finds processes by the names of their cgroups, for containers that another engine has started.
 */
import { readdir, readFile } from 'node:fs/promises';
import { mapBounded } from '@outboard/async';
import { isErrno } from '../linux/errno.ts';

/**
 * Read the cgroups of all processes. The kernel answers these files from its own tables.
 * @returns finds the pid of a process in a cgroup whose path has the name in it, such as the ID of a container
 */
export async function readCgroupMembers(): Promise<(name: string) => number | undefined> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const cgroups: [pid: number, paths: string][] = [];
  await mapBounded(pids, async (pid) => {
    try {
      cgroups.push([Number(pid), await readFile(`/proc/${pid}/cgroup`, 'utf8')]);
    } catch (error) {
      // It has ended.
      if (!isErrno(error, 'ENOENT', 'ESRCH')) throw error;
    }
  });
  return (name) => cgroups.find(([, paths]) => paths.includes(name))?.[0];
}
