/**
 * Makes directories immutable: nobody can create, delete or rename anything in one, not even root in a container, which lacks
 * CAP_LINUX_IMMUTABLE. A file system can still be mounted on it.
 * @see ioctl_iflags(2), chattr(1) "i"; Linux include/uapi/linux/fs.h
 */
import { closeSync, constants, openSync } from 'node:fs';
import { isErrno } from './errno.ts';
import { bindCall, checkResult, ErrnoError } from './libc.ts';
import { openEntry, openTrustedDirectory } from './open-entry.ts';
import { cloneMount } from './shared-bind.ts';

const ioctl = bindCall<[fd: number, request: number, argument: Uint8Array]>(
  'int ioctl(int fd, unsigned long request, void *argument)',
);
/** These architectures encode the direction of an ioctl the other way round. */
const isOtherEncoding = ['mips', 'mipsel', 'ppc', 'ppc64'].includes(process.arch);
const getFlags = isOtherEncoding ? 0x4008_6601 : 0x8008_6601; // FS_IOC_GETFLAGS
const setFlags = isOtherEncoding ? 0x8008_6602 : 0x4008_6602; // FS_IOC_SETFLAGS
const immutable = 0x10; // FS_IMMUTABLE_FL

/**
 * Set or clear the flag of a directory. Neither links nor mounts on the way to it are followed: what a mount covers is reached.
 * @param root a directory whose path is trusted; the tree below it may be hostile
 * @param path components below the root, at least one
 * @returns false if there is no such directory, or if its file system has no such flag
 * @throws {ErrnoError}
 */
export function setImmutable(root: string, path: readonly string[], isImmutable: boolean): boolean {
  let handle = openUncovered(root);
  try {
    for (const name of path) {
      const entry = openEntry(handle, name);
      if (entry.type !== 'directory') return false;
      closeSync(handle);
      handle = entry.handle;
    }
    return changeFlag(handle, isImmutable);
  } finally {
    closeSync(handle);
  }
}

/** The directory without the mounts below it, where the kernel can show that. */
function openUncovered(root: string): number {
  try {
    return cloneMount(root);
  } catch (error) {
    // Linux before 5.2, or a filter of system calls that does not know it.
    if (isErrno(error, 'ENOSYS', 'EPERM')) return openTrustedDirectory(root);
    throw error;
  }
}

/** @param handle of a directory, opened with O_PATH */
function changeFlag(handle: number, isImmutable: boolean): boolean {
  const directory = openSync(`/proc/self/fd/${handle}`, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    // The kernel reads and writes an int, although the request names a long.
    const flags = new Uint32Array(2);
    const bytes = new Uint8Array(flags.buffer);
    checkResult(ioctl(directory, getFlags, bytes), 'ioctl FS_IOC_GETFLAGS');
    const [before = 0] = flags;
    const wanted = isImmutable ? before | immutable : before & ~immutable;
    if (wanted === before) return true;
    flags[0] = wanted;
    checkResult(ioctl(directory, setFlags, bytes), 'ioctl FS_IOC_SETFLAGS');
    return true;
  } catch (error) {
    if (error instanceof ErrnoError && unsupported.includes(error.code)) return false;
    throw error;
  } finally {
    closeSync(directory);
  }
}

/** Errors of file systems without the flag, and of a process without CAP_LINUX_IMMUTABLE. */
const unsupported = ['ENOTTY', 'EOPNOTSUPP', 'ENOTSUP', 'EINVAL', 'EPERM', 'EACCES', 'ENOSYS'];
