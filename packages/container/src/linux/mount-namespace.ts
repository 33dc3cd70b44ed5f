/**
 * Compares mount namespaces of processes. A service whose unit asks for a sandbox (PrivateTmp=, ProtectSystem= and
 * others) has a namespace of its own.
 * @see mount_namespaces(7), systemd.exec(5) "Sandboxing"
 */
import { errorCode } from './errno.ts';
import { readMountTable } from './mount-table.ts';

/** Errors for a process that has ended, is a zombie, or is not accessible. */
const unknown: readonly (string | undefined)[] = ['ENOENT', 'ESRCH', 'EINVAL', 'EACCES', 'EPERM'];

/**
 * Compare the mount namespace of a process with that of this one. Compared by mount IDs, which are unique in the
 * kernel: reading the link in `ns/` needs more privileges.
 * @returns undefined when it cannot be known
 */
export async function sharesMountNamespace(pid: number): Promise<boolean | undefined> {
  try {
    const [own, other] = await Promise.all([readMountTable(), readMountTable(pid)]);
    const ids = new Set(own.map(({ id }) => id));
    return other.some(({ id }) => ids.has(id));
  } catch (error) {
    if (unknown.includes(errorCode(error))) return undefined;
    throw error;
  }
}
