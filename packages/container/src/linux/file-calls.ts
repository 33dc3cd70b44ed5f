/**
 * File system calls through libc, for unpacking many files: names are bytes, times have nanoseconds, a link in the
 * last component is not followed, and each call costs a third of its counterpart in `node:fs`.
 * Each call returns its result or the negative error number, since a missing parent and an existing name are
 * frequent. Paths are bytes with a terminating NUL (`terminatePath`).
 */
import { constants } from 'node:os';
import { bindCall, checkResult } from './libc.ts';

const currentDirectory = -100; // AT_FDCWD
const noFollow = 0x100; // AT_SYMLINK_NOFOLLOW
const nanosecondsPerSecond = 1_000_000_000;

/** open(2). Flags that are the same on every architecture that Node.js supports come from `node:fs`. */
export const openFile = bindCall<[path: Uint8Array, flags: number, mode: number]>(
  'int open(const void *path, int flags, unsigned int mode)',
);
/** close(2). */
export const closeFile = bindCall<[descriptor: number]>('int close(int fd)');
/** write(2). @returns number of bytes written, at most `length` */
export const writeFile = bindCall<[descriptor: number, bytes: Uint8Array, length: number]>(
  'intptr_t write(int fd, const void *bytes, size_t length)',
);
/** fchown(2). */
export const changeOwner = bindCall<[descriptor: number, uid: number, gid: number]>(
  'int fchown(int fd, uint32_t uid, uint32_t gid)',
);
/** fchmod(2). */
export const changeMode = bindCall<[descriptor: number, mode: number]>('int fchmod(int fd, uint32_t mode)');
/** lchown(2): does not follow a link. */
export const changePathOwner = bindCall<[path: Uint8Array, uid: number, gid: number]>(
  'int lchown(const void *path, uint32_t uid, uint32_t gid)',
);
/** chmod(2): follows a link, so use it on paths that are known to be none. */
export const changePathMode = bindCall<[path: Uint8Array, mode: number]>(
  'int chmod(const void *path, uint32_t mode)',
);
/** mkdir(2). */
export const makeDirectory = bindCall<[path: Uint8Array, mode: number]>(
  'int mkdir(const void *path, uint32_t mode)',
);
/** symlink(2). */
export const makeSymlink = bindCall<[target: Uint8Array, path: Uint8Array]>(
  'int symlink(const void *target, const void *path)',
);
/** link(2): does not follow a link. */
export const makeLink = bindCall<[existing: Uint8Array, path: Uint8Array]>(
  'int link(const void *existing, const void *path)',
);
/** unlink(2). */
export const removeFile = bindCall<[path: Uint8Array]>('int unlink(const void *path)');
/** rmdir(2). */
export const removeDirectory = bindCall<[path: Uint8Array]>('int rmdir(const void *path)');
/** chdir(2). */
export const enterDirectory = bindCall<[path: Uint8Array]>('int chdir(const void *path)');
/** syncfs(2): flush the file system of a descriptor. Blocks until the disk is done. */
export const syncFileSystem = bindCall<[descriptor: number]>('int syncfs(int fd)');
/** fsetxattr(2). */
export const setAttribute = bindCall<
  [descriptor: number, name: string, value: Uint8Array, size: number, flags: number]
>('int fsetxattr(int fd, const char *name, const void *value, size_t size, int flags)');
/** lsetxattr(2): does not follow a link. */
export const setPathAttribute = bindCall<
  [path: Uint8Array, name: string, value: Uint8Array, size: number, flags: number]
>('int lsetxattr(const void *path, const char *name, const void *value, size_t size, int flags)');

const mknod = bindCall<[path: Uint8Array, mode: number, device: number]>(
  'int mknod(const void *path, uint32_t mode, uint64_t device)',
);
const futimens = bindCall<[descriptor: number, times: BigInt64Array]>(
  'int futimens(int fd, const void *times)',
);
const utimensat = bindCall<[directory: number, path: Uint8Array, times: BigInt64Array, flags: number]>(
  'int utimensat(int dir, const void *path, const void *times, int flags)',
);

const llistxattr = bindCall<[path: Uint8Array, list: Uint8Array, size: number]>(
  'intptr_t llistxattr(const void *path, void *list, size_t size)',
);
const lgetxattr = bindCall<[path: Uint8Array, name: string, value: Uint8Array, size: number]>(
  'intptr_t lgetxattr(const void *path, const char *name, void *value, size_t size)',
);
/** Limit of the kernel for a list of names and for a value. */
const maxAttributeBytes = 64 * 1024;
const attributeBytes = Buffer.allocUnsafeSlow(maxAttributeBytes);

/**
 * Names of the extended attributes of a path; does not follow a link. None where the file system has no attributes.
 * @throws {ErrnoError}
 */
export function listPathAttributes(path: Uint8Array): readonly string[] {
  const length = llistxattr(path, attributeBytes, maxAttributeBytes);
  if (length === 0 || length === -constants.errno.EOPNOTSUPP) return [];
  checkResult(length, 'llistxattr');
  return attributeBytes.toString('utf8', 0, length - 1).split('\0');
}

/** Value of an extended attribute; does not follow a link. @throws {ErrnoError} */
export function readPathAttribute(path: Uint8Array, name: string): Buffer {
  const length = checkResult(lgetxattr(path, name, attributeBytes, maxAttributeBytes), 'lgetxattr');
  return Buffer.from(attributeBytes.subarray(0, length));
}

/** Copy a path and append a NUL. @param path without NUL */
export function terminatePath(path: Uint8Array): Buffer {
  const terminated = Buffer.allocUnsafe(path.length + 1);
  terminated.set(path);
  terminated[path.length] = 0;
  return terminated;
}

/**
 * Make a device node or a fifo.
 * @param mode with the bits of the type, such as `S_IFCHR`
 * @param major 0 to 4,095
 * @param minor 0 to 1,048,575; Linux has no larger ones
 */
export function makeNode(path: Uint8Array, mode: number, major: number, minor: number): number {
  // glibc's and musl's makedev() for numbers of that size; `>>> 0` because `|` gives signed numbers.
  const device = (((minor & 0xfff00) << 12) | (major << 8) | (minor & 0xff)) >>> 0;
  return mknod(path, mode, device);
}

/** Set access and modification time. @param seconds since the epoch, with fraction */
export function setTimes(descriptor: number, seconds: number): number {
  return futimens(descriptor, bothTimes(seconds));
}

/** As `setTimes` for a path; does not follow a link. */
export function setPathTimes(path: Uint8Array, seconds: number): number {
  return utimensat(currentDirectory, path, bothTimes(seconds), noFollow);
}

const times = new BigInt64Array(4);

/** Two `struct timespec` of a 64-bit system; valid until the next call. */
function bothTimes(seconds: number): BigInt64Array {
  const whole = Math.floor(seconds);
  const wholeSeconds = BigInt(whole);
  const nanoseconds = BigInt(
    Math.min(Math.round((seconds - whole) * nanosecondsPerSecond), nanosecondsPerSecond - 1),
  );
  times[0] = wholeSeconds;
  times[1] = nanoseconds;
  times[2] = wholeSeconds;
  times[3] = nanoseconds;
  return times;
}
