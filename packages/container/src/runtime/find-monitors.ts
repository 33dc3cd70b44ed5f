/**
 * Finds the conmon process of each bundle. Every process of the host is examined, so only files are read that the
 * kernel answers from its own tables. A command line is not read: it lies in the memory of its process, which may be
 * a file of a FUSE server that never answers.
 * @see proc_pid_stat(5), proc_pid_cwd(5), namespaces(7)
 */

import { readdir, readlink, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { isErrno } from '../linux/errno.ts';
import { identifyProcess, type ProcessIdentity, processName } from '../linux/process-identity.ts';
import { isContainerId } from '../spec/container-id.ts';

/** systemd-run executes conmon after it has a scope for it. */
const monitorPrograms: ReadonlySet<string | undefined> = new Set(['conmon', 'systemd-run']);

/**
 * Monitors by container ID. conmon is started with the bundle as its working directory, which only root can enter,
 * and never changes it. So it is found even when its record was never written or the bundle is deleted.
 * @param bundles directory of the bundles
 */
export async function findMonitors(bundles: string): Promise<ReadonlyMap<string, ProcessIdentity>> {
  const directory = await realpath(bundles);
  const ownNamespace = await readlink('/proc/self/ns/pid');
  const found = new Map<string, ProcessIdentity>();
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name) || !monitorPrograms.has(processName(Number(name)))) continue;
    // Inside a container the same path names another directory.
    if ((await readLink(name, 'ns/pid')) !== ownNamespace) continue;
    const workingDirectory = (await readLink(name, 'cwd'))?.replace(/ \(deleted\)$/, '') ?? '';
    const id = workingDirectory.slice(directory.length + 1);
    const identity = identifyProcess(Number(name));
    if (workingDirectory === join(directory, id) && isContainerId(id) && identity !== undefined)
      found.set(id, identity);
  }
  return found;
}

async function readLink(pid: string, name: string): Promise<string | undefined> {
  try {
    return await readlink(join('/proc', pid, name));
  } catch (error) {
    // The process has ended.
    if (isErrno(error, 'ENOENT', 'ESRCH')) return undefined;
    throw error;
  }
}
