/**
 * Exchanges two paths atomically.
 */
import { bindCall, checkResult } from './libc.ts';

const currentDirectory = -100; // AT_FDCWD
const exchange = 2; // RENAME_EXCHANGE
const renameat2 = bindCall<[number, string, number, string, number]>(
  'int renameat2(int old_dir, const char *old_path, int new_dir, const char *new_path, unsigned int flags)',
);

/**
 * Exchange two files or directories atomically: at every instant each path names one of the two. The caller flushes
 * the parent directories.
 * @throws {ErrnoError} ENOENT when either is absent, EINVAL when the file system does not support it
 */
export function exchangePaths(first: string, second: string): void {
  checkResult(renameat2(currentDirectory, first, currentDirectory, second, exchange), 'renameat2', first);
}
