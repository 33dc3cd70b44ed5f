/**
 * Namespaces and the root directory of a process. The calls concern the calling thread: JavaScript's main thread.
 */
import { bindAsyncCall, bindCall, checkResult } from './libc.ts';

/** Flags of unshare(2). */
export const namespaceFlags = {
  mount: 0x00020000,
  ipc: 0x08000000,
  network: 0x40000000,
} as const;

const unshareCall = bindCall<[number]>('int unshare(int flags)');
const pivotRootCall = bindCall<[string, string]>('int pivot_root(const char *new_root, const char *put_old)');
const fchdirCall = bindCall<[number]>('int fchdir(int fd)');
const chrootOnPoolThread = bindAsyncCall<[string]>('int chroot(const char *path)');
const chdirOnPoolThread = bindAsyncCall<[string]>('int chdir(const char *path)');

/**
 * Leave the shared namespaces. A new mount namespace also gives the calling thread its own root, working
 * directory and umask, apart from the process's other threads.
 * @throws {ErrnoError} EPERM without CAP_SYS_ADMIN
 */
export function unshare(flags: number): void {
  checkResult(unshareCall(flags), 'unshare');
}

/** Make a mount the root of the thread's mount namespace. @throws {ErrnoError} */
export function pivotRoot(newRoot: string, putOld: string): void {
  checkResult(pivotRootCall(newRoot, putOld), 'pivot_root', newRoot);
}

/** Make an open directory the working directory. @throws {ErrnoError} */
export function changeDirectory(directory: number): void {
  checkResult(fchdirCall(directory), 'fchdir');
}

/** Change root and working directory of all threads that share them with libuv's pool. @throws {ErrnoError} */
export async function chrootPoolThreads(path: string): Promise<void> {
  checkResult(await chrootOnPoolThread(path), 'chroot', path);
  checkResult(await chdirOnPoolThread('/'), 'chdir', '/');
}
