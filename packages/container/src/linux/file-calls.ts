/**
 * File system calls straight into libc, for unpacking many files: names are bytes, times have nanoseconds, nothing
 * follows a link in the last component, and each call costs a third of its counterpart in `node:fs`.
 * They give the result or minus the error number; a missing parent or an existing name is everyday here, no exception.
 * Paths are bytes that end in a NUL (`terminatePath`).
 */
import { bindCall } from './libc.ts';

const currentDirectory = -100; // AT_FDCWD
const noFollow = 0x100; // AT_SYMLINK_NOFOLLOW
const nanosecondsPerSecond = 1_000_000_000;

/** Flags of open(2) that are the same on every architecture that Node.js runs on come from `node:fs`; see callers. */
export const openFile = bindCall<[path: Uint8Array, flags: number, mode: number]>(
  'int open(const void *path, int flags, unsigned int mode)',
);
export const closeFile = bindCall<[descriptor: number]>('int close(int fd)');
/** Writes at most `length` bytes. @returns how many were written */
export const writeFile = bindCall<[descriptor: number, bytes: Uint8Array, length: number]>(
  'intptr_t write(int fd, const void *bytes, size_t length)',
);
export const changeOwner = bindCall<[descriptor: number, uid: number, gid: number]>(
  'int fchown(int fd, uint32_t uid, uint32_t gid)',
);
export const changeMode = bindCall<[descriptor: number, mode: number]>('int fchmod(int fd, uint32_t mode)');
/** Of the path itself, not of what a link names. */
export const changePathOwner = bindCall<[path: Uint8Array, uid: number, gid: number]>(
  'int lchown(const void *path, uint32_t uid, uint32_t gid)',
);
/** Follows links: for what is known to be none. */
export const changePathMode = bindCall<[path: Uint8Array, mode: number]>(
  'int chmod(const void *path, uint32_t mode)',
);
export const makeDirectory = bindCall<[path: Uint8Array, mode: number]>(
  'int mkdir(const void *path, uint32_t mode)',
);
export const makeSymlink = bindCall<[target: Uint8Array, path: Uint8Array]>(
  'int symlink(const void *target, const void *path)',
);
/** Links a link itself, not what it names. */
export const makeLink = bindCall<[existing: Uint8Array, path: Uint8Array]>(
  'int link(const void *existing, const void *path)',
);
export const removeFile = bindCall<[path: Uint8Array]>('int unlink(const void *path)');
export const removeDirectory = bindCall<[path: Uint8Array]>('int rmdir(const void *path)');
export const enterDirectory = bindCall<[path: Uint8Array]>('int chdir(const void *path)');
/** Flush the whole file system that a descriptor lies on. It blocks until the disk is done. */
export const syncFileSystem = bindCall<[descriptor: number]>('int syncfs(int fd)');
export const setAttribute = bindCall<
  [descriptor: number, name: string, value: Uint8Array, size: number, flags: number]
>('int fsetxattr(int fd, const char *name, const void *value, size_t size, int flags)');
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

/** Copy a path and end it with a NUL. @param path without a NUL inside */
export function terminatePath(path: Uint8Array): Buffer {
  const terminated = Buffer.allocUnsafe(path.length + 1);
  terminated.set(path);
  terminated[path.length] = 0;
  return terminated;
}

/**
 * Make a device or a fifo.
 * @param mode with the type's bits, such as `S_IFCHR`
 * @param major 0 to 4,095
 * @param minor 0 to 1,048,575; larger ones do not exist in Linux
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

/** As `setTimes`, on the path itself, not on what a link names. */
export function setPathTimes(path: Uint8Array, seconds: number): number {
  return utimensat(currentDirectory, path, bothTimes(seconds), noFollow);
}

const times = new BigInt64Array(4);

/** Two `struct timespec` of a 64-bit system, valid until the next call. */
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
