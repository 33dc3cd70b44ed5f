/**
 * Root and working directory of a process. All threads share them, unless one called unshare(2).
 */
import { bindCall, checkResult } from './libc.ts';

const pivotRootCall = bindCall<[string, string]>('int pivot_root(const char *new_root, const char *put_old)');
const fchdirCall = bindCall<[number]>('int fchdir(int fd)');

/**
 * Make a mount the root of the mount namespace. Every thread and process in it whose root or working directory is the
 * old root moves to the new one, at once.
 * @throws {ErrnoError}
 */
export function pivotRoot(newRoot: string, putOld: string): void {
  checkResult(pivotRootCall(newRoot, putOld), 'pivot_root', newRoot);
}

/** Make an open directory the working directory. @throws {ErrnoError} */
export function changeDirectory(directory: number): void {
  checkResult(fchdirCall(directory), 'fchdir');
}
