/**
 * Opens entries of directory trees that a hostile process may change at any time: one component at a time, without
 * following links, entering mounts or opening files for reading. A file system that a container mounted can hang a
 * process that enters it (hardening I14), so a walk ends at such a mount.
 * @see openat2(2), open(2) O_PATH
 */
import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';
import { errorCode } from './errno.ts';
import { bindCall, checkResult, ErrnoError } from './libc.ts';

/** O_PATH on every architecture that Node.js supports; `fs.constants` lacks it. */
const pathOnly = 0o10000000;
const closeOnExec = 0o2000000; // O_CLOEXEC
const openat2Number = 437; // on every architecture
const noCrossing = 0x01 | 0x02; // RESOLVE_NO_XDEV | RESOLVE_NO_MAGICLINKS
const longestLink = 4096;

const openat2 = bindCall<
  [number: number, directory: number, name: string, how: BigUint64Array, size: number]
>('intptr_t syscall(long number, int directory, const char *name, const void *how, size_t size)');
const readlinkat = bindCall<[handle: number, name: string, target: Uint8Array, size: number]>(
  'intptr_t readlinkat(int handle, const char *name, void *target, size_t size)',
);

/** A directory entry. The receiver closes the handle. */
export type OpenedEntry =
  | { readonly type: 'directory'; readonly handle: number }
  | { readonly type: 'link'; readonly target: string }
  | { readonly type: 'mount' | 'other' | 'absent' };

/**
 * Opens a name in a directory without following links or entering mounts. @returns a handle that the caller closes
 */
export type OpenEntry = (directory: number, name: string) => number | 'absent' | 'mount';

/**
 * Open one name in a directory.
 * @param directory handle of a directory
 * @param name one component, neither empty, `.` nor `..`
 * @param open system call to use; default the best that the kernel has
 * @throws {ErrnoError} for every error but absence
 */
export function openEntry(directory: number, name: string, open: OpenEntry = openByOpenat2): OpenedEntry {
  const handle = open(directory, name);
  if (handle === 'absent' || handle === 'mount') return { type: handle };
  let isKept = false;
  try {
    const status = fstatSync(handle);
    if (status.isSymbolicLink()) return { type: 'link', target: readLink(handle, name) };
    if (!status.isDirectory()) return { type: 'other' };
    isKept = true;
    return { type: 'directory', handle };
  } finally {
    if (!isKept) closeSync(handle);
  }
}

/** Open a directory whose path is trusted. The caller closes the handle. */
export function openTrustedDirectory(path: string): number {
  return openSync(path, pathOnly | constants.O_DIRECTORY | constants.O_NOFOLLOW);
}

/**
 * Open a file below a directory whose path is trusted. No link at the end of the path is followed, and no mount is entered: only
 * file systems of the directory itself are accessed.
 * @param path relative; its directories are trusted as well
 * @returns an O_PATH handle, which the caller closes; `absent` without the directory too
 * @throws {ErrnoError} for every error but absence
 */
export function openBelow(directory: string, path: string): number | 'absent' | 'mount' {
  let parent: number;
  try {
    parent = openSync(directory, pathOnly | constants.O_DIRECTORY);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return 'absent';
    throw error;
  }
  try {
    return openByOpenat2(parent, path);
  } catch (error) {
    if (errorCode(error) === 'ENOTDIR') return 'absent';
    throw error;
  } finally {
    closeSync(parent);
  }
}

/** ID of the mount of a handle, as in `/proc/self/mountinfo`. Accesses no file system. */
export function mountIdOf(handle: number): number {
  const description = readFileSync(`/proc/self/fdinfo/${handle}`, 'latin1');
  return Number(/^mnt_id:\s*(\d+)$/m.exec(description)?.[1]);
}

/** Open by openat2(2). @returns an O_PATH handle on the entry itself, also for a link or a device */
export function openByOpenat2(directory: number, name: string): number | 'absent' | 'mount' {
  const how = BigUint64Array.of(
    BigInt(pathOnly | constants.O_NOFOLLOW | closeOnExec),
    0n,
    BigInt(noCrossing),
  );
  const result = openat2(openat2Number, directory, name, how, how.byteLength);
  if (result >= 0) return result;
  const { code } = new ErrnoError(-result, 'openat2', name);
  if (code === 'ENOENT') return 'absent';
  if (code === 'EXDEV') return 'mount';
  // Linux before 5.6, or a seccomp filter without this call.
  if (code === 'ENOSYS' || code === 'EPERM') return openByPath(directory, name);
  throw new ErrnoError(-result, 'openat2', name);
}

/**
 * Open by path where openat2(2) is missing. The kernel may access a dead network file system once, as for any path.
 */
export function openByPath(directory: number, name: string): number | 'absent' | 'mount' {
  let handle: number;
  try {
    handle = openSync(`/proc/self/fd/${directory}/${name}`, pathOnly | constants.O_NOFOLLOW);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return 'absent';
    throw error;
  }
  if (mountIdOf(handle) === mountIdOf(directory)) return handle;
  closeSync(handle);
  return 'mount';
}

/** Target of the link of a handle. */
function readLink(handle: number, name: string): string {
  const target = Buffer.alloc(longestLink);
  const length = checkResult(readlinkat(handle, '', target, target.length), 'readlinkat', name);
  return target.toString('utf8', 0, length);
}
