/**
 * The child's way into the jail. Afterwards the staging directory is the whole file system, nothing of the host is
 * reachable by path, descriptor, network or IPC, and only what unpacking needs is permitted.
 */
import { closeSync, fstatSync, readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { OutboardError } from '@outboard/oci/layers';
import {
  capabilities,
  dieWithParent,
  dropPoolThreadCapabilities,
  forbidDumps,
  keepCapabilities,
} from '../../linux/confine.ts';
import { mount, mountFlags, unmount, unmountFlags } from '../../linux/mount.ts';
import { chrootPoolThreads, namespaceFlags, pivotRoot, unshare } from '../../linux/namespaces.ts';

const closeOnExec = 0o2000000; // O_CLOEXEC
const here = Buffer.from('.');

const neededCapabilities = [
  capabilities.chown,
  capabilities.dacOverride,
  capabilities.fowner,
  capabilities.fsetid,
  capabilities.mknod,
  capabilities.setfcap,
];

/**
 * Enter. Everything that the process will ever load must be loaded before: a later load would come from the tree.
 * Call it once, with one thread in libuv's pool, before a byte of a layer is read.
 * @param staging descriptor of the staging directory; closed here
 * @throws {ErrnoError} EPERM without the capabilities of root
 */
export async function enterJail(staging: number): Promise<void> {
  closeInherited(staging);
  const path = readlinkSync(`/proc/self/fd/${staging}`);
  unshare(namespaceFlags.mount | namespaceFlags.network | namespaceFlags.ipc);
  // From here on this thread has a root of its own; the other threads get theirs, and lose what they could do.
  await chrootPoolThreads(path);
  await dropPoolThreadCapabilities();
  mount('none', '/', mountFlags.recursive | mountFlags.private);
  mount(path, path, mountFlags.bind);
  process.chdir(path);
  requireSameDirectory(staging, path);
  closeSync(staging);
  mount(
    'none',
    '.',
    mountFlags.bind | mountFlags.remount | mountFlags.noSuid | mountFlags.noDevices | mountFlags.noExec,
  );
  pivotRoot('.', '.');
  unmount(here, unmountFlags.detach); // the host's tree, which pivot_root() left on top
  process.chdir('/');
  process.umask(0);
  dieWithParent();
  forbidDumps();
  keepCapabilities(neededCapabilities);
}

/**
 * Close what was open in the parent's own parent and slipped through: all that survived exec(), beside the standard
 * streams, the control channel and the staging directory. What this process opened itself closes on exec.
 */
function closeInherited(lastOwn: number): void {
  for (const name of readdirSync('/proc/self/fd')) {
    const descriptor = Number(name);
    if (descriptor > lastOwn && isInherited(name)) closeSync(descriptor);
  }
}

function isInherited(name: string): boolean {
  try {
    const [, flags = '0'] =
      /^flags:\s+([0-7]+)$/m.exec(readFileSync(`/proc/self/fdinfo/${name}`, 'latin1')) ?? [];
    return (Number.parseInt(flags, 8) & closeOnExec) === 0;
  } catch (error) {
    // The descriptor that listed the directory is gone by now.
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return false;
    throw error;
  }
}

/** The path was read before the mount: it must still name the directory that the parent opened. */
function requireSameDirectory(descriptor: number, path: string): void {
  const opened = fstatSync(descriptor);
  const entered = statSync('.');
  if (opened.ino !== entered.ino || opened.dev !== entered.dev) {
    throw new OutboardError(
      'system',
      `staging directory ${JSON.stringify(path)} was replaced while the jail started`,
    );
  }
}
