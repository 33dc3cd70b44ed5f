/**
 * Confines the child. Afterwards the staging directory is its whole file system, nothing of the host is reachable by
 * path, descriptor, network or IPC, and it has only the capabilities that unpacking needs.
 *
 * The namespaces are made before Node.js starts (see `jail-process.ts`), so that all of its threads are in them and
 * share one root and one working directory, whenever they are created. The parent verifies that before it sends a
 * byte.
 */
import { closeSync, fstatSync, readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import { OutboardError } from '@outboard/oci/layers';
import { errorCode } from '../../linux/errno.ts';
import { mount, mountFlags, unmount, unmountFlags } from '../../linux/mount.ts';
import { dieWithParent, forbidDumps, keepCapabilities } from '../../linux/process-confinement.ts';
import { pivotRoot } from '../../linux/root-directory.ts';
import { unpackingCapabilities } from './unpacking-capabilities.ts';

const closeOnExec = 0o2000000; // O_CLOEXEC
const here = Buffer.from('.');

/**
 * Enter the jail. Everything that the process will load must be loaded before: a later load would read from the
 * unpacked tree. Call it once, before a byte of a layer is read, in mount, network and IPC namespaces of its own.
 * @param staging descriptor of the staging directory; closed here
 * @throws {ErrnoError} EPERM without the capabilities of root
 */
export async function enterJail(staging: number): Promise<void> {
  closeInherited(staging);
  // The module loader may still be closing files.
  while (hasOpenFiles(staging)) await setImmediate();
  const path = readlinkSync(`/proc/self/fd/${staging}`);
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
  unmount(here, unmountFlags.detach); // the host's tree, which pivot_root() left mounted on top
  process.chdir('/');
  process.umask(0);
  keepCapabilities(unpackingCapabilities);
  dieWithParent();
  forbidDumps();
}

/**
 * Close descriptors that survived exec(): those that the parent inherited itself, without the standard streams, the
 * control channel and the staging directory. Descriptors that this process opened are close-on-exec.
 */
function closeInherited(lastOwn: number): void {
  for (const name of readdirSync('/proc/self/fd')) {
    const descriptor = Number(name);
    if (descriptor > lastOwn && isInherited(name)) closeSync(descriptor);
  }
}

function isInherited(name: string): boolean {
  return ifOpen(() => {
    const [, flags = '0'] =
      /^flags:\s+([0-7]+)$/m.exec(readFileSync(`/proc/self/fdinfo/${name}`, 'latin1')) ?? [];
    return (Number.parseInt(flags, 8) & closeOnExec) === 0;
  });
}

function hasOpenFiles(lastOwn: number): boolean {
  return readdirSync('/proc/self/fd').some(
    (name) =>
      Number(name) > lastOwn &&
      ifOpen(() => {
        const status = fstatSync(Number(name));
        return status.isFile() || status.isDirectory();
      }),
  );
}

/** Run a check; false for a descriptor that is closed, such as that of the listing itself. */
function ifOpen(check: () => boolean): boolean {
  try {
    return check();
  } catch (error) {
    if (['ENOENT', 'EBADF'].includes(errorCode(error) ?? '')) return false;
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
