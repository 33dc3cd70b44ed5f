/**
 * Finds the conmon processes that hold a bundle. Every process of the host is looked at, so nothing is read that its
 * owner can make wait: a command line, for one, lies in the process's own memory, which may be a file of FUSE whose server
 * never answers. What is read here the kernel answers from its own tables.
 * @see proc_pid_stat(5), proc_pid_cwd(5), namespaces(7)
 */

import { readdir, readlink, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { isErrno } from '../linux/errno.ts';
import { identifyProcess, type ProcessIdentity, processName } from '../linux/process-identity.ts';
import { isContainerId } from '../spec/container-id.ts';

/** systemd-run becomes conmon once it has a scope for it. */
const monitorPrograms: ReadonlySet<string | undefined> = new Set(['conmon', 'systemd-run']);

/**
 * By container ID. conmon is started in the bundle, whose directory only root can enter, and never leaves it: so it is found
 * although its record was never written, and although the bundle is gone.
 * @param bundles the directory of the bundles
 */
export async function findMonitors(bundles: string): Promise<ReadonlyMap<string, ProcessIdentity>> {
  const directory = await realpath(bundles);
  const ownNamespace = await readlink('/proc/self/ns/pid');
  const found = new Map<string, ProcessIdentity>();
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name) || !monitorPrograms.has(processName(Number(name)))) continue;
    // A plugin's process sees other directories by the same names.
    if ((await readLink(name, 'ns/pid')) !== ownNamespace) continue;
    const place = (await readLink(name, 'cwd'))?.replace(/ \(deleted\)$/, '') ?? '';
    const id = place.slice(directory.length + 1);
    const identity = identifyProcess(Number(name));
    if (place === join(directory, id) && isContainerId(id) && identity !== undefined) found.set(id, identity);
  }
  return found;
}

async function readLink(pid: string, name: string): Promise<string | undefined> {
  try {
    return await readlink(join('/proc', pid, name));
  } catch (error) {
    // It has ended meanwhile.
    if (isErrno(error, 'ENOENT', 'ESRCH')) return undefined;
    throw error;
  }
}
