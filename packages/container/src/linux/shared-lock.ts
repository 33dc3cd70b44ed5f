/**
 * A shared lock on a file of another program, which shows whether that program has it open, and keeps it from opening it.
 */
import { constants } from 'node:fs';
import { lstat, open } from 'node:fs/promises';
import { OutboardError } from '@outboard/oci';
import { errorCode } from './errno.ts';
import { bindCall, ErrnoError } from './libc.ts';

const sharedWithoutWaiting = 1 | 4; // LOCK_SH | LOCK_NB
const flock = bindCall<[number, number]>('int flock(int fd, int operation)');

/**
 * Take a shared `flock` on a file, without waiting and without changing it. Disposing it releases the lock.
 * @returns `locked` when another process has an exclusive lock; `absent` when there is no regular file
 * @throws {OutboardError} system
 */
export async function shareLock(path: string): Promise<AsyncDisposable | 'locked' | 'absent'> {
  try {
    // A link, a device or a pipe is not opened.
    if (!(await lstat(path)).isFile()) return 'absent';
    const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    const result = flock(file.fd, sharedWithoutWaiting);
    if (result >= 0) return { [Symbol.asyncDispose]: () => file.close() };
    await file.close();
    const cause = new ErrnoError(-result, 'flock', path);
    if (cause.code === 'EAGAIN') return 'locked';
    throw cause;
  } catch (cause) {
    if (errorCode(cause) === 'ENOENT' || errorCode(cause) === 'ENOTDIR') return 'absent';
    throw new OutboardError('system', `cannot lock ${JSON.stringify(path)}`, { cause });
  }
}
