/**
 * Which mount namespace processes are in. A service whose unit asks for a sandbox (PrivateTmp=, ProtectSystem= and
 * their kind) has one of its own.
 * @see mount_namespaces(7), systemd.exec(5) "Sandboxing"
 */
import { errorCode } from './errno.ts';
import { readMountTable } from './mount-table.ts';

/** Of a process that has ended, is a zombie, or may not be looked at. */
const unknown: readonly (string | undefined)[] = ['ENOENT', 'ESRCH', 'EINVAL', 'EACCES', 'EPERM'];

/**
 * Whether a process sees the mounts that this one sees: each mount has an ID of its own in the kernel, and belongs to one
 * namespace. The link in `ns/` would tell the same to fewer.
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
